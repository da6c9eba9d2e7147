/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/certificates.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "runtime/image/registry/registry_limits.h"

int certificates_add_authorities(const char *file, struct arena *arena, struct http_tls *tls,
                                 struct error *err)
{
    scoped_text struct text bytes = {0};

    if (file_read(AT_FDCWD, file, LIMIT_CERTIFICATE_FILE_BYTES, &bytes, NULL, err) < 0)
        return error_wrap(err, "read certificates");
    if (!strstr(text_get(&bytes), "-----BEGIN CERTIFICATE-----"))
        return error_set(err, "read certificates '%s': no certificate in PEM in it", file);
    tls->authorities =
        arena_printf(arena, "%s%s\n", tls->authorities ? tls->authorities : "", text_get(&bytes));
    return 0;
}

static int add_own(const char *file, struct arena *arena, struct http_tls *tls, struct error *err)
{
    size_t stem = strlen(file) - strlen(".cert");
    const char *key = arena_printf(arena, "%.*s.key", (int)stem, file);

    if (tls->certificate_file)
        return 0;
    if (access(key, R_OK) < 0)
        return error_sys(err, "read the key '%s' of certificate '%s'", key, file);
    tls->certificate_file = file;
    tls->key_file = key;
    return 0;
}

static int add_file(const char *path, struct arena *arena, struct http_tls *tls, struct error *err)
{
    if (string_ends_with(path, ".crt"))
        return certificates_add_authorities(path, arena, tls, err);
    if (string_ends_with(path, ".cert"))
        return add_own(path, arena, tls, err);
    return 0;
}

int certificates_read(const char *folder, const char *host, struct arena *arena,
                      struct http_tls *tls, struct error *err)
{
    const char *path = arena_printf(arena, "%s/%s", folder, host);
    struct dirent **names = NULL;
    int result = 0;
    int count;

    if (host[0] == '.')
        return 0; /* an address may name such a host; our folder is not meant */
    count = scandir(path, &names, NULL, alphasort);
    if (count < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (count < 0)
        return error_sys(err, "read folder '%s'", path);
    if (count > LIMIT_CERTIFICATE_FILES)
        result =
            error_set(err, "read folder '%s': more than %d files", path, LIMIT_CERTIFICATE_FILES);
    for (int i = 0; i < count; i++) {
        if (result == 0)
            result =
                add_file(arena_printf(arena, "%s/%s", path, names[i]->d_name), arena, tls, err);
        free(names[i]);
    }
    free(names);
    return result;
}
