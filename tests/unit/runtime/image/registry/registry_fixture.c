/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/image/registry/registry_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "runtime/image/image_digest.h"

enum { MAX_ARGUMENTS = 32, RETRY_DELAY_MS = 20 };

void fixture_prepare(struct fixture *fixture)
{
    static const char *const unwanted[] = {"DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR",
                                           "http_proxy",    "https_proxy",        "all_proxy",
                                           "HTTP_PROXY",    "HTTPS_PROXY",        "ALL_PROXY"};

    *fixture =
        (struct fixture){.server_stdin = -1, .stall_timeout_ms = 20000, .arena = arena_new()};
    (void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/yawl-registry-XXXXXX");
    cr_assert(mkdtemp(fixture->folder));
    (void)pthread_mutex_init(&fixture->mutex, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(unwanted); i++)
        (void)unsetenv(unwanted[i]);
    (void)setenv("HOME", fixture->folder, 1);
}

/* Replaces the process. */
static void run_server(const char *log, const char *const *arguments, int in_fd, int out_fd)
{
    const char *argv[MAX_ARGUMENTS] = {"python3", REGISTRY_SERVER, "--log", log};

    for (size_t i = 0; arguments[i] && i + 5 < MAX_ARGUMENTS; i++)
        argv[i + 4] = arguments[i];
    (void)dup2(in_fd, STDIN_FILENO);
    (void)dup2(out_fd, STDOUT_FILENO);
    (void)execvp("python3", (char **)(uintptr_t)argv);
    _exit(127);
}

static void read_world(struct fixture *fixture, int fd)
{
    struct error err = {0};
    char line[4096];
    size_t length = 0;
    ssize_t n;

    while (length < sizeof(line) && (n = read(fd, line + length, sizeof(line) - length)) > 0) {
        length += (size_t)n;
        if (memchr(line, '\n', length))
            break;
    }
    fixture->world = json_parse(line, length, &err);
    cr_assert(fixture->world, "the test server does not start: %s", err.text);
}

void fixture_serve(struct fixture *fixture, const char *const *arguments)
{
    const char *log = arena_printf(fixture->arena, "%s/log", fixture->folder);
    int in[2], out[2];

    cr_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    fixture->server = fork();
    cr_assert(fixture->server >= 0);
    if (fixture->server == 0)
        run_server(log, arguments, in[0], out[1]);
    fd_close(in[0]);
    fd_close(out[1]);
    fixture->server_stdin = in[1];
    read_world(fixture, out[0]);
    fd_close(out[0]);
    fixture->reference = (struct image_reference){
        .registry = arena_printf(fixture->arena, "127.0.0.1:%lld",
                                 (long long)fixture_number(fixture, "registry")),
        .repository = "team/app",
        .tag = "latest"};
}

static void on_notice(void *owner, const char *registry, const char *text)
{
    struct fixture *fixture = owner;

    (void)pthread_mutex_lock(&fixture->mutex);
    text_appendf(&fixture->notices, "%s: %s\n", registry, text);
    (void)pthread_mutex_unlock(&fixture->mutex);
}

void fixture_connect(struct fixture *fixture)
{
    const char *const dirs[] = {fixture->folder, NULL};
    struct registry_options options = {.config_dirs = dirs,
                                       .user_agent = "yawl-test/1",
                                       .notice = on_notice,
                                       .owner = fixture,
                                       .cancelled = &fixture->cancelled,
                                       .connect_timeout_ms = 20000,
                                       .stall_timeout_ms = fixture->stall_timeout_ms,
                                       .retry_delay_ms = RETRY_DELAY_MS};
    struct error err = {0};

    registry_free(fixture->registry);
    fixture->registry = registry_new(&options, &err);
    cr_assert(fixture->registry, "%s", err.text);
}

void fixture_connect_impatiently(struct fixture *fixture)
{
    fixture->stall_timeout_ms = 1000;
    fixture_connect(fixture);
}

void fixture_start_with(struct fixture *fixture, const char *const *faults)
{
    const char *arguments[MAX_ARGUMENTS] = {NULL};

    for (size_t i = 0; faults[i]; i++) {
        arguments[2 * i] = "--fault";
        arguments[2 * i + 1] = faults[i];
    }
    fixture_prepare(fixture);
    fixture_serve(fixture, arguments);
    fixture_connect(fixture);
}

void fixture_stop(struct fixture *fixture)
{
    registry_free(fixture->registry);
    fd_close(fixture->server_stdin); /* it ends with its input */
    if (fixture->server > 0)
        (void)waitpid(fixture->server, NULL, 0);
    json_decref(fixture->world);
    text_done(&fixture->notices);
    arena_free(fixture->arena);
    cr_expect(path_remove_tree(AT_FDCWD, fixture->folder, NULL) == 0);
}

const char *fixture_write(struct fixture *fixture, const char *name, const char *text)
{
    const char *path = arena_printf(fixture->arena, "%s/%s", fixture->folder, name);
    const char *slash = strrchr(path, '/');
    scoped_fd int fd = -1;

    cr_assert(path_make_dirs(AT_FDCWD, arena_strndup(fixture->arena, path, (size_t)(slash - path)),
                             0700, NULL) == 0);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    cr_assert(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
    return path;
}

void fixture_log_in(struct fixture *fixture)
{
    (void)fixture_write(fixture, ".docker/config.json",
                        arena_printf(fixture->arena,
                                     "{\"auths\": {\"%s\": {\"auth\": \"dXNlcjpzZWNyZXQ=\"}}}",
                                     fixture->reference.registry));
}

const char *fixture_text(const struct fixture *fixture, const char *name)
{
    return json_get_string(fixture->world, name, NULL);
}

int64_t fixture_number(const struct fixture *fixture, const char *name)
{
    return json_get_int(fixture->world, name, -1);
}

unsigned fixture_requests(const struct fixture *fixture, const char *one, const char *other)
{
    scoped_text struct text log = {0};
    char path[128];
    char *line, *rest;
    unsigned count = 0;

    (void)snprintf(path, sizeof(path), "%s/log", fixture->folder);
    cr_assert(file_read(AT_FDCWD, path, 64 << 20, &log, NULL, NULL) == 0);
    rest = log.data;
    while (rest && (line = strsep(&rest, "\n")))
        if (line[0] && strstr(line, one) && strstr(line, other))
            count++;
    return count;
}

const char *fixture_notices(struct fixture *fixture)
{
    const char *copy;

    (void)pthread_mutex_lock(&fixture->mutex);
    copy = arena_strdup(fixture->arena, text_get(&fixture->notices));
    (void)pthread_mutex_unlock(&fixture->mutex);
    return copy;
}

int fixture_download(struct fixture *fixture, int *ret_fd, struct error *err)
{
    struct registry_blob blob = {.digest = fixture_text(fixture, "layer"),
                                 .size = fixture_number(fixture, "layer_size")};

    if (*ret_fd < 0)
        *ret_fd = memfd_create("layer", MFD_CLOEXEC);
    return registry_download_blob(fixture->registry, &fixture->reference, &blob, *ret_fd, NULL,
                                  err);
}

bool fixture_is_layer(const struct fixture *fixture, int fd)
{
    scoped_text struct text bytes = {0};
    char digest[IMAGE_DIGEST_SIZE];

    cr_assert(lseek(fd, 0, SEEK_SET) == 0 && fd_read_all(fd, 64 << 20, &bytes, NULL) == 0);
    image_digest_of_bytes(text_get(&bytes), bytes.length, digest);
    return string_eq(digest, fixture_text(fixture, "layer"));
}
