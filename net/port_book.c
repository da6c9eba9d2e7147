/* SPDX-License-Identifier: Apache-2.0 */
#include "net/port_book.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/codec.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/memory.h"
#include "common/text.h"
#include "net/port_holder.h"

#define BOOK_NAME "ports.json"

/* A publication and what became of it. */
struct page {
    const char *instance;
    struct port_spec spec;
    int host_port;
    const char *key;
    uint64_t inode_first, inode_second; /* of its sockets; 0: none */
    bool ours;                          /* reserved by this process; not kept */
};

struct port_book {
    int dir_fd;
    struct arena *arena;
    struct page *pages;
    size_t count, capacity;
    pid_t likely_pid; /* that held the last socket taken back */
};

static const struct codec_field page_codec[] = {
    CODEC_FIELD(struct page, instance, CODEC_STRING),
    CODEC_NESTED(struct page, spec, port_spec_codec),
    CODEC_FIELD(struct page, host_port, CODEC_INT),
    CODEC_FIELD(struct page, key, CODEC_STRING),
    CODEC_FIELD(struct page, inode_first, CODEC_UINT64),
    CODEC_FIELD(struct page, inode_second, CODEC_UINT64),
    {0},
};

static const struct codec_field book_codec[] = {
    CODEC_LIST(struct port_book, pages, count, page_codec),
    {0},
};

/* ----------------------------------------------------------------------------------------------
 * file */

/* A file that cannot be read as such is as good as none. */
static void book_load(struct port_book *book, const struct text *bytes)
{
    scoped(json_release) json_t *json = json_parse(text_get(bytes), bytes->length, NULL);
    struct port_book loaded = {0};

    if (!json || codec_decode(book_codec, json, &loaded, book->arena, NULL) < 0)
        return;
    for (size_t i = 0; i < loaded.count; i++) {
        if (!loaded.pages[i].instance || !loaded.pages[i].key)
            continue;
        memory_grow(book->pages, book->count, book->capacity);
        book->pages[book->count++] = loaded.pages[i];
    }
}

int port_book_open(int dir_fd, struct port_book **ret_book, struct error *err)
{
    scoped(port_book_free) struct port_book *book = memory_new(struct port_book);
    scoped_text struct text bytes = {0};
    bool exists;

    book->dir_fd = dir_fd;
    book->arena = arena_new();
    if (file_read(dir_fd, BOOK_NAME, LIMIT_JSON_BYTES, &bytes, &exists, err) < 0)
        return -1;
    if (exists)
        book_load(book, &bytes);
    *ret_book = steal(book);
    return 0;
}

void port_book_free(struct port_book *book)
{
    if (!book)
        return;
    arena_free(book->arena);
    free(book->pages);
    free(book);
}

static int book_save(struct port_book *book, struct error *err)
{
    scoped(json_release) json_t *json = codec_encode(book_codec, book);
    scoped_text struct text bytes = {0};

    json_format(json, &bytes);
    return file_replace(book->dir_fd, BOOK_NAME, bytes.data, bytes.length, 0600, err);
}

/* ---------------------------------------------------------------------------------------------
 * pages */

static struct page *book_page(const struct port_book *book, const char *instance,
                              const struct port_spec *spec)
{
    for (size_t i = 0; i < book->count; i++) {
        const struct port_spec *other = &book->pages[i].spec;

        if (string_eq(book->pages[i].instance, instance) &&
            string_eq(other->host_ip, spec->host_ip) && other->host_port == spec->host_port &&
            other->host_port_end == spec->host_port_end &&
            other->container_port == spec->container_port && other->udp == spec->udp)
            return &book->pages[i];
    }
    return NULL;
}

static struct page *book_add(struct port_book *book, const char *instance,
                             const struct port_spec *spec)
{
    struct page *page;

    memory_grow(book->pages, book->count, book->capacity);
    page = &book->pages[book->count++];
    *page = (struct page){.instance = arena_strdup(book->arena, instance), .spec = *spec};
    if (spec->host_ip)
        page->spec.host_ip = arena_strdup(book->arena, spec->host_ip);
    return page;
}

int port_book_find(const struct port_book *book, const char *instance, const struct port_spec *spec)
{
    const struct page *page = book_page(book, instance, spec);

    return page && page->ours ? page->host_port : 0;
}

/* ------------------------------------------------------------------------------------------ taking
 * back */

static uint64_t socket_inode(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

/* The very same socket out of the process that has it, or -1. */
static int socket_take_back(struct port_book *book, uint64_t inode)
{
    struct port_holder holder;
    scoped_fd int pidfd = -1;
    int fd;

    if (inode == 0 || !port_holder_of_inode(inode, book->likely_pid, &holder))
        return -1;
    pidfd = (int)syscall(SYS_pidfd_open, holder.pid, 0);
    if (pidfd < 0)
        return -1;
    fd = (int)syscall(SYS_pidfd_getfd, pidfd, holder.fd, 0);
    if (fd >= 0 && socket_inode(fd) != inode) {
        fd_close(fd);
        return -1;
    }
    book->likely_pid = holder.pid;
    return fd;
}

/* All of the page's sockets, or none. */
static bool page_take_back(struct port_book *book, const struct page *page,
                           struct port_binding *ret_binding)
{
    scoped_binding struct port_binding binding = {.host_port = page->host_port};
    const uint64_t inodes[] = {page->inode_first, page->inode_second};

    for (size_t i = 0; i < ARRAY_LENGTH(inodes) && inodes[i]; i++) {
        int fd = socket_take_back(book, inodes[i]);

        if (fd < 0)
            return false;
        binding.fds[binding.n_fds++] = fd;
        if (port_of_socket(fd) != page->host_port)
            return false;
    }
    if (binding.n_fds == 0)
        return false;
    *ret_binding = binding;
    binding.n_fds = 0;
    return true;
}

/* ----------------------------------------------------------------------------------------------
 * reserve */

int port_book_reserve(struct port_book *book, const char *instance, const struct port_spec *spec,
                      struct port_binding *ret_binding, struct error *err)
{
    struct page *page = book_page(book, instance, spec);
    scoped_binding struct port_binding binding = {0};

    if ((!page || !page_take_back(book, page, &binding)) &&
        port_bind(spec, page ? page->host_port : 0, &binding, err) < 0)
        return -1;

    if (!page)
        page = book_add(book, instance, spec);
    page->host_port = binding.host_port;
    page->key = port_key(book->arena, spec, binding.host_port);
    page->inode_first = socket_inode(binding.fds[0]);
    page->inode_second = binding.n_fds > 1 ? socket_inode(binding.fds[1]) : 0;
    page->ours = true;
    if (book_save(book, err) < 0)
        return -1;
    *ret_binding = binding;
    binding.n_fds = 0;
    return 0;
}

int port_book_move(struct port_book *book, const char *from, const char *to,
                   const struct port_spec *spec, struct error *err)
{
    struct page *page = book_page(book, from, spec);

    if (!page || !page->ours)
        return error_set(err, "port %d of '%s' is not reserved", spec->container_port, from);
    page->instance = arena_strdup(book->arena, to);
    return book_save(book, err);
}

int port_book_release(struct port_book *book, const char *instance,
                      void (*released)(void *owner, const char *key), void *owner,
                      struct error *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < book->count; i++) {
        struct page *page = &book->pages[i];
        bool goes = string_eq(page->instance, instance);

        if (goes && page->ours)
            released(owner, page->key);
        page->ours = page->ours && !goes;
        if (goes)
            page->inode_first = page->inode_second = 0;
        if (!goes || page->host_port != page->spec.host_port)
            book->pages[kept++] = *page;
    }
    book->count = kept;
    return book_save(book, err);
}
