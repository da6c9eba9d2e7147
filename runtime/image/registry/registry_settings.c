/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/registry_settings.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>

#include "common/file.h"
#include "common/json.h"
#include "common/json_place.h"
#include "common/memory.h"
#include "runtime/image/registry/certificates.h"
#include "runtime/image/registry/http_url.h"
#include "runtime/image/registry/registry_limits.h"

struct setting {
    struct setting *next;
    const char *registry;
    struct registry_mirror *mirrors;
    size_t n_mirrors;
    bool insecure;
    const char *ca; /* a file, or NULL */
};

struct registry_settings {
    struct arena *arena;
    struct string_list folders;  /* later ones win */
    struct setting *settings;    /* the newest first */
    struct string_list insecure; /* hosts with ports, and networks */
};

struct reader {
    struct registry_settings *settings;
    const char *text;
};

static int unknown_key(const struct reader *reader, const char *const *path, const char *key,
                       const char *suggestion, struct error *err)
{
    if (suggestion)
        return json_place_error(reader->text, path, err,
                                "unknown key '%.100s' (did you mean '%s'?)", key, suggestion);
    return json_place_error(reader->text, path, err, "unknown key '%.100s'", key);
}

/* Mirrors -----------------------------------------------------------------------------------------
 */

/* "host", "host:port/path", or an address. */
static int mirror_parse(const struct reader *reader, const char *text,
                        struct registry_mirror *ret_mirror, struct error *err)
{
    struct arena *arena = reader->settings->arena;
    struct http_url url;
    const char *path;

    if (!strstr(text, "://"))
        text = arena_printf(arena, "https://%s", text);
    if (http_url_parse(text, NULL, arena, &url, err) < 0)
        return -1;
    path = strstr(url.text, "://") + 3;
    path += strcspn(path, "/") + 1;
    if (strpbrk(path, "?&"))
        return error_set(err, "address with a query");
    ret_mirror->host = url.authority;
    ret_mirror->prefix =
        arena_printf(arena, "%s%s", path, *path && !string_ends_with(path, "/") ? "/" : "");
    if (!url.secure)
        string_list_add(arena, &reader->settings->insecure, url.authority);
    return 0;
}

static int read_mirrors(const struct reader *reader, const char *registry, const json_t *json,
                        struct setting *setting, struct error *err)
{
    const char *const at_list[] = {"registries", registry, "mirrors", NULL};
    const char *const at_common[] = {"registry-mirrors", NULL};
    const char *const *at = registry ? at_list : at_common;
    size_t count = json_array_size(json);
    struct error problem = {0};

    if (!json_is_array(json) || count > LIMIT_MIRRORS)
        return json_place_error(reader->text, at, err, "no list of a few mirrors");
    setting->mirrors = arena_new_array(reader->settings->arena, struct registry_mirror, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(json, i));

        if (!text)
            return json_place_error(reader->text, at, err, "a mirror is no text");
        if (mirror_parse(reader, text, &setting->mirrors[i], &problem) < 0) {
            error_wrap(&problem, "mirror '%.100s'", text);
            return json_place_error(reader->text, at, err, "%s", problem.text);
        }
        setting->n_mirrors++;
    }
    return 0;
}

/* Files -------------------------------------------------------------------------------------------
 */

static struct setting *settings_add(struct registry_settings *settings, const char *registry)
{
    struct setting *setting = arena_new_object(settings->arena, struct setting);

    setting->registry = arena_strdup(settings->arena, registry);
    setting->next = settings->settings;
    settings->settings = setting;
    return setting;
}

static int read_member(const struct reader *reader, struct setting *setting, const char *key,
                       const json_t *json, struct error *err)
{
    static const char *const keys[] = {"mirrors", "insecure", "ca"};
    const char *const *path = JSON_PATH("registries", setting->registry, key);

    if (string_eq(key, "mirrors"))
        return read_mirrors(reader, setting->registry, json, setting, err);
    if (string_eq(key, "insecure")) {
        if (!json_is_boolean(json))
            return json_place_error(reader->text, path, err, "neither true nor false");
        setting->insecure = json_is_true(json);
        return 0;
    }
    if (string_eq(key, "ca")) {
        if (!json_is_string(json) || json_string_value(json)[0] != '/')
            return json_place_error(reader->text, path, err, "no absolute path of a file");
        setting->ca = arena_strdup(reader->settings->arena, json_string_value(json));
        return 0;
    }
    return unknown_key(reader, path, key, string_suggest(key, keys, ARRAY_LENGTH(keys)), err);
}

static int read_registries(const struct reader *reader, json_t *json, struct error *err)
{
    const char *registry, *key;
    json_t *members, *member;

    if (!json_is_object(json))
        return json_place_error(reader->text, JSON_PATH("registries"), err, "no JSON object");
    json_object_foreach(json, registry, members) {
        struct setting *setting = settings_add(reader->settings, registry);

        if (!json_is_object(members))
            return json_place_error(reader->text, JSON_PATH("registries", registry), err,
                                    "no JSON object");
        json_object_foreach(members, key, member)
            if (read_member(reader, setting, key, member, err) < 0)
                return -1;
    }
    return 0;
}

static int read_insecure(const struct reader *reader, const json_t *json, struct error *err)
{
    struct arena *arena = reader->settings->arena;
    const json_t *item;
    size_t i;

    if (!json_is_array(json))
        return json_place_error(reader->text, JSON_PATH("insecure-registries"), err, "no list");
    json_array_foreach(json, i, item) {
        if (!json_is_string(item))
            return json_place_error(reader->text, JSON_PATH("insecure-registries"), err,
                                    "an element is no text");
        string_list_add(arena, &reader->settings->insecure,
                        arena_strdup(arena, json_string_value(item)));
    }
    return 0;
}

/* docker.io's mirrors in docker's spelling; what is said of docker.io otherwise stays. */
static int read_hub_mirrors(const struct reader *reader, const json_t *json, struct error *err)
{
    const struct setting *before = reader->settings->settings;
    struct setting *setting;

    while (before && !string_eq(before->registry, "docker.io"))
        before = before->next;
    setting = settings_add(reader->settings, "docker.io");
    if (before) {
        setting->insecure = before->insecure;
        setting->ca = before->ca;
    }
    return read_mirrors(reader, NULL, json, setting, err);
}

static int read_key(const struct reader *reader, const char *key, json_t *json, struct error *err)
{
    static const char *const keys[] = {"registries", "insecure-registries", "registry-mirrors"};

    if (string_eq(key, "registries"))
        return read_registries(reader, json, err);
    if (string_eq(key, "insecure-registries"))
        return read_insecure(reader, json, err);
    if (string_eq(key, "registry-mirrors"))
        return read_hub_mirrors(reader, json, err);
    return unknown_key(reader, JSON_PATH(key), key, string_suggest(key, keys, ARRAY_LENGTH(keys)),
                       err);
}

int registry_settings_parse(struct registry_settings *settings, const char *file, const char *bytes,
                            size_t length, struct error *err)
{
    scoped(json_release) json_t *json = json_parse(bytes, length, err);
    struct reader reader = {.settings = settings, .text = bytes};
    const char *key;
    json_t *member;

    if (!json)
        return error_wrap(err, "read '%s'", file);
    if (!json_is_object(json))
        return error_set(err, "read '%s': no JSON object", file);
    json_object_foreach(json, key, member)
        if (read_key(&reader, key, member, err) < 0)
            return error_wrap(err, "read '%s'", file);
    return 0;
}

static int settings_read_folder(struct registry_settings *settings, const char *folder,
                                struct error *err)
{
    const char *file = arena_printf(settings->arena, "%s/registries.json", folder);
    scoped_text struct text bytes = {0};
    bool exists;

    string_list_add(settings->arena, &settings->folders, arena_strdup(settings->arena, folder));
    if (file_read(AT_FDCWD, file, LIMIT_SETTINGS_FILE_BYTES, &bytes, &exists, err) < 0)
        return error_wrap(err, "read settings");
    return exists ? registry_settings_parse(settings, file, text_get(&bytes), bytes.length, err)
                  : 0;
}

struct registry_settings *registry_settings_new(const char *const *config_dirs, struct error *err)
{
    scoped(registry_settings_free) struct registry_settings *settings =
        memory_new(struct registry_settings);

    settings->arena = arena_new();
    for (size_t i = 0; config_dirs && config_dirs[i]; i++)
        if (settings_read_folder(settings, config_dirs[i], err) < 0)
            return NULL;
    return steal(settings);
}

void registry_settings_free(struct registry_settings *settings)
{
    if (!settings)
        return;
    arena_free(settings->arena);
    free(settings);
}

/* Questions ---------------------------------------------------------------------------------------
 */

static const struct setting *settings_find(const struct registry_settings *settings,
                                           const char *registry)
{
    const struct setting *setting = settings->settings;

    while (setting && !string_eq(setting->registry, registry))
        setting = setting->next;
    return setting;
}

size_t registry_settings_mirrors(const struct registry_settings *settings, const char *registry,
                                 const struct registry_mirror **ret_mirrors)
{
    const struct setting *setting = settings_find(settings, registry);

    *ret_mirrors = setting ? setting->mirrors : NULL;
    return setting ? setting->n_mirrors : 0;
}

/* The host without its port, brackets taken off. */
static void host_address(const char *host, char *ret_address, size_t size)
{
    const char *start = host[0] == '[' ? host + 1 : host;
    size_t length = strcspn(start, host[0] == '[' ? "]" : ":");

    (void)snprintf(ret_address, size, "%.*s", (int)length, start);
}

/* Whether the first bits of two IPv4 or IPv6 addresses are the same. */
static bool bits_equal(const unsigned char *a, const unsigned char *b, unsigned long long bits)
{
    for (size_t i = 0; bits > 0; i++) {
        unsigned taken = bits >= 8 ? 8 : (unsigned)bits;

        if ((a[i] ^ b[i]) >> (8 - taken))
            return false;
        bits -= taken;
    }
    return true;
}

/* `network` is "ADDRESS/BITS". */
static bool network_holds(const char *network, const char *address)
{
    const char *slash = strchr(network, '/');
    unsigned char network_bytes[16], address_bytes[16];
    unsigned long long bits;
    char base[64];
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;

    if (!slash || (size_t)(slash - network) >= sizeof(base) ||
        !string_to_u64(slash + 1, family == AF_INET6 ? 128 : 32, &bits))
        return false;
    (void)snprintf(base, sizeof(base), "%.*s", (int)(slash - network), network);
    return inet_pton(family, base, network_bytes) == 1 &&
           inet_pton(family, address, address_bytes) == 1 &&
           bits_equal(network_bytes, address_bytes, bits);
}

bool registry_settings_is_loopback(const char *host)
{
    char address[256];

    host_address(host, address, sizeof(address));
    return string_eq(address, "localhost") || network_holds("127.0.0.0/8", address) ||
           network_holds("::1/128", address);
}

static bool host_is_insecure(const struct registry_settings *settings, const char *host)
{
    const struct setting *setting = settings_find(settings, host);
    char address[256];

    if (setting && setting->insecure)
        return true;
    host_address(host, address, sizeof(address));
    for (size_t i = 0; i < settings->insecure.count; i++) {
        const char *item = settings->insecure.items[i];

        if (string_eq(item, host) || network_holds(item, address))
            return true;
    }
    return false;
}

bool registry_settings_allow_plain(const struct registry_settings *settings, const char *host)
{
    return registry_settings_is_loopback(host) || host_is_insecure(settings, host);
}

int registry_settings_tls(const struct registry_settings *settings, const char *host,
                          struct arena *arena, struct http_tls *ret_tls, struct error *err)
{
    static const char *const others[] = {"/etc/docker/certs.d", "/etc/containers/certs.d"};
    const struct setting *setting = settings_find(settings, host);
    struct http_tls tls = {.insecure = host_is_insecure(settings, host)};

    if (setting && setting->ca && certificates_add_authorities(setting->ca, arena, &tls, err) < 0)
        return -1;
    for (size_t i = settings->folders.count; i > 0; i--) {
        const char *folder = arena_printf(arena, "%s/certs.d", settings->folders.items[i - 1]);

        if (certificates_read(folder, host, arena, &tls, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        if (certificates_read(others[i], host, arena, &tls, err) < 0)
            return -1;
    *ret_tls = tls;
    return 0;
}
