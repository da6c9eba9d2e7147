/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/emulation.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/text.h"

enum { HANDLER_MOST_BYTES = 4096, MACHINE_OFFSET = 18 };

/* What the header of a program for the architecture says, as far as it tells it from others. */
static const struct program_kind {
    const char *architecture;
    unsigned char class, encoding;
    unsigned machine;
} program_kinds[] = {
    {"386", ELFCLASS32, ELFDATA2LSB, EM_386},       {"amd64", ELFCLASS64, ELFDATA2LSB, EM_X86_64},
    {"arm", ELFCLASS32, ELFDATA2LSB, EM_ARM},       {"arm64", ELFCLASS64, ELFDATA2LSB, EM_AARCH64},
    {"loong64", ELFCLASS64, ELFDATA2LSB, 258},      {"mips64le", ELFCLASS64, ELFDATA2LSB, EM_MIPS},
    {"ppc64le", ELFCLASS64, ELFDATA2LSB, EM_PPC64}, {"riscv64", ELFCLASS64, ELFDATA2LSB, EM_RISCV},
    {"s390x", ELFCLASS64, ELFDATA2MSB, EM_S390},
};

static const struct program_kind *kind_of(const char *architecture)
{
    for (size_t i = 0; i < ARRAY_LENGTH(program_kinds); i++)
        if (string_eq(program_kinds[i].architecture, architecture))
            return &program_kinds[i];
    return NULL;
}

/* One byte of two hexadecimal digits; -1: there is none. */
static int byte_at(const char *digits, size_t index)
{
    static const char values[] = "0123456789abcdef";
    const char *high, *low;

    if (strlen(digits) < index * 2 + 2)
        return -1;
    high = strchr(values, digits[index * 2]);
    low = strchr(values, digits[index * 2 + 1]);
    return high && low ? (int)(high - values) * 16 + (int)(low - values) : -1;
}

/* The rest of the line that begins with the word. */
static const char *line_of(const char *handler, const char *word, char *space, size_t size)
{
    const char *at = strstr(handler, word);
    size_t length = at ? strcspn(at + strlen(word), "\n") : 0;

    if (!at || length >= size)
        return "";
    memcpy(space, at + strlen(word), length);
    space[length] = '\0';
    return space;
}

static bool handler_serves(const char *handler, const struct program_kind *kind)
{
    char magic_space[300], flags_space[40], offset_space[20];
    const char *magic = line_of(handler, "\nmagic ", magic_space, sizeof(magic_space));
    const char *flags = line_of(handler, "\nflags: ", flags_space, sizeof(flags_space));
    int first = byte_at(magic, MACHINE_OFFSET), second = byte_at(magic, MACHINE_OFFSET + 1);
    bool is_little = kind->encoding == ELFDATA2LSB;

    return string_starts_with(handler, "enabled\n") && strchr(flags, 'F') && first >= 0 &&
           second >= 0 &&
           string_eq(line_of(handler, "\noffset ", offset_space, sizeof(offset_space)), "0") &&
           byte_at(magic, EI_CLASS) == kind->class && byte_at(magic, EI_DATA) == kind->encoding &&
           kind->machine == (unsigned)(is_little ? first + second * 256 : second + first * 256);
}

static void close_dir(DIR *dir)
{
    if (dir)
        (void)closedir(dir);
}
DEFINE_SCOPED(DIR *, close_dir)

bool emulation_is_there(const char *handlers_dir, const char *architecture)
{
    const struct program_kind *kind = kind_of(architecture);
    scoped(close_dir) DIR *dir = opendir(handlers_dir);
    const struct dirent *entry;

    while (kind && dir && (entry = readdir(dir))) {
        scoped_text struct text handler = {0};

        if (*entry->d_name == '.' || string_eq(entry->d_name, "register") ||
            string_eq(entry->d_name, "status"))
            continue;
        if (file_read(dirfd(dir), entry->d_name, HANDLER_MOST_BYTES, &handler, NULL, NULL) == 0 &&
            handler_serves(text_get(&handler), kind))
            return true;
    }
    return false;
}
