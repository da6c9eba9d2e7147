/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/credentials.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/base64.h"
#include "common/file.h"
#include "common/json_place.h"
#include "common/memory.h"
#include "runtime/image/registry/registry_limits.h"
#include "runtime/image/registry/secret.h"

/* docker's name for its hub in files and towards helpers. */
#define HUB_KEY "https://index.docker.io/v1/"

struct credential_entry {
    const char *registry;  /* normalised: a host, "docker.io" for the hub */
    const char *namespace; /* a leading part of repositories, or NULL */
    struct credential credential;
};

struct helper_entry {
    const char *registry; /* NULL: for all */
    const char *name;
};

struct credential_file {
    struct credential_file *next;
    struct credential_entry *entries;
    size_t n_entries;
    struct helper_entry *helpers; /* the one for all is last */
    size_t n_helpers;
};

struct credentials {
    struct arena *arena; /* everything but secrets */
    struct credential_file *first, **last;
};

struct credentials *credentials_new(void)
{
    struct credentials *credentials = memory_new(struct credentials);

    credentials->arena = arena_new();
    credentials->last = &credentials->first;
    return credentials;
}

void credentials_free(struct credentials *credentials)
{
    if (!credentials)
        return;
    for (struct credential_file *file = credentials->first; file; file = file->next)
        for (size_t i = 0; i < file->n_entries; i++)
            credential_done(&file->entries[i].credential);
    arena_free(credentials->arena);
    free(credentials);
}

/* Keys --------------------------------------------------------------------------------------------
 */

/* Keys are hosts, hosts with namespaces, or addresses, of which only the host counts; paths of the
 * protocol's versions are no namespaces. */
static void key_split(const char *key, struct arena *arena, const char **ret_registry,
                      const char **ret_namespace)
{
    static const char *const hub_names[] = {"docker.io", "index.docker.io", "registry-1.docker.io"};
    const char *scheme_end = strstr(key, "://");
    const char *host = scheme_end ? scheme_end + 3 : key;
    size_t host_length = strcspn(host, "/");
    char *path = arena_strdup(arena, host + host_length + strspn(host + host_length, "/"));
    size_t path_length = strlen(path);

    while (path_length > 0 && path[path_length - 1] == '/')
        path[--path_length] = '\0';
    *ret_registry = arena_strndup(arena, host, host_length);
    for (size_t i = 0; i < ARRAY_LENGTH(hub_names); i++)
        if (string_eq(*ret_registry, hub_names[i]))
            *ret_registry = "docker.io";
    *ret_namespace =
        scheme_end || path_length == 0 || string_eq(path, "v1") || string_eq(path, "v2") ? NULL
                                                                                         : path;
}

static bool namespace_holds(const char *namespace, const char *repository)
{
    size_t length = strlen(namespace);

    return strncmp(repository, namespace, length) == 0 &&
           (repository[length] == '\0' || repository[length] == '/');
}

/* Files -------------------------------------------------------------------------------------------
 */

struct file_reader {
    struct credentials *credentials;
    struct credential_file *file;
    const char *text;
};

/* "user:password", perhaps with zeros behind it as docker once wrote them. */
static bool entry_set_auth(struct credential *credential, const char *auth)
{
    scoped_secret_text struct text plain = {0};
    char *colon;

    (void)text_reserve(&plain, strlen(auth));
    if (!base64_decode(auth, &plain) || !(colon = strchr(text_get(&plain), ':')))
        return false;
    *colon = '\0';
    credential->username = secret_copy(plain.data);
    credential->secret = secret_copy(colon + 1);
    return true;
}

static bool member_is_text(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);

    return !member ||
           (json_is_string(member) && json_string_length(member) <= LIMIT_CREDENTIAL_BYTES);
}

static void entry_set_token(struct credential *credential, const char *token)
{
    secret_free(credential->secret);
    credential->secret = secret_copy(token);
    credential->is_identity_token = true;
}

static int read_entry(const struct file_reader *reader, const char *key, const json_t *json,
                      struct error *err)
{
    static const char *const names[] = {"auth", "username", "password", "identitytoken"};
    struct credential_entry *entry = &reader->file->entries[reader->file->n_entries];
    const char *auth = json_get_string(json, "auth", "");
    const char *username = json_get_string(json, "username", NULL);
    const char *token = json_get_string(json, "identitytoken", "");

    if (!json_is_object(json))
        return json_place_error(reader->text, JSON_PATH("auths", key), err, "no JSON object");
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (!member_is_text(json, names[i]))
            return json_place_error(reader->text, JSON_PATH("auths", key, names[i]), err,
                                    "no text of a sensible length");
    if (auth[0] != '\0') {
        if (!entry_set_auth(&entry->credential, auth))
            return json_place_error(reader->text, JSON_PATH("auths", key, "auth"), err,
                                    "no base 64 of 'user:password'");
    } else if (username && username[0] != '\0') {
        entry->credential.username = secret_copy(username);
        entry->credential.secret = secret_copy(json_get_string(json, "password", ""));
    }
    if (token[0] != '\0')
        entry_set_token(&entry->credential, token);
    /* docker leaves an empty object where a helper has the rest. */
    if (!entry->credential.secret)
        return 0;
    key_split(key, reader->credentials->arena, &entry->registry, &entry->namespace);
    reader->file->n_entries++;
    return 0;
}

static int read_entries(const struct file_reader *reader, json_t *json, struct error *err)
{
    json_t *auths = json_object_get(json, "auths");
    const char *key;
    json_t *entry;

    if (!auths)
        return 0;
    if (!json_is_object(auths))
        return json_place_error(reader->text, JSON_PATH("auths"), err, "no JSON object");
    reader->file->entries = arena_new_array(reader->credentials->arena, struct credential_entry,
                                            json_object_size(auths) + 1);
    json_object_foreach(auths, key, entry)
        if (read_entry(reader, key, entry, err) < 0) {
            credential_done(&reader->file->entries[reader->file->n_entries].credential);
            return -1;
        }
    return 0;
}

static int add_helper(const struct file_reader *reader, const char *key, const json_t *name,
                      struct error *err)
{
    struct credential_file *file = reader->file;
    struct arena *arena = reader->credentials->arena;
    struct helper_entry *helper = &file->helpers[file->n_helpers];
    const char *const at_helper[] = {"credHelpers", key, NULL};
    const char *const at_store[] = {"credsStore", NULL};
    const char *namespace;

    if (string_eq(json_string_value(name), ""))
        return 0;
    if (!json_is_string(name) || !credential_helper_name_is_valid(json_string_value(name)))
        return json_place_error(reader->text, key ? at_helper : at_store, err,
                                "no name of a credential helper");
    helper->name = arena_strdup(arena, json_string_value(name));
    if (key)
        key_split(key, arena, &helper->registry, &namespace);
    file->n_helpers++;
    return 0;
}

static int read_helpers(const struct file_reader *reader, json_t *json, struct error *err)
{
    json_t *helpers = json_object_get(json, "credHelpers");
    json_t *store = json_object_get(json, "credsStore");
    const char *key;
    json_t *name;

    if (helpers && !json_is_object(helpers))
        return json_place_error(reader->text, JSON_PATH("credHelpers"), err, "no JSON object");
    reader->file->helpers = arena_new_array(reader->credentials->arena, struct helper_entry,
                                            json_object_size(helpers) + 1);
    json_object_foreach(helpers, key, name)
        if (add_helper(reader, key, name, err) < 0)
            return -1;
    return store ? add_helper(reader, NULL, store, err) : 0;
}

/* The parser tells what stands near its error: that may be a secret. */
static json_t *parse_secret_json(const char *bytes, size_t length, struct error *err)
{
    struct error problem = {0};
    json_t *json = json_parse(bytes, length, &problem);
    char *quote = strstr(problem.text, " near '");

    if (quote)
        *quote = '\0';
    if (!json)
        error_set(err, "%s", problem.text);
    return json;
}

int credentials_parse(struct credentials *credentials, const char *file, const char *bytes,
                      size_t length, struct error *err)
{
    scoped(secret_json_free) json_t *json = parse_secret_json(bytes, length, err);
    struct file_reader reader = {.credentials = credentials, .text = bytes};

    if (!json)
        return error_wrap(err, "read credentials '%s'", file);
    reader.file = arena_new_object(credentials->arena, struct credential_file);
    *credentials->last = reader.file;
    credentials->last = &reader.file->next;
    if (!json_is_object(json))
        return error_set(err, "read credentials '%s': no JSON object", file);
    if (read_entries(&reader, json, err) < 0 || read_helpers(&reader, json, err) < 0)
        return error_wrap(err, "read credentials '%s'", file);
    return 0;
}

static int credentials_read_file(struct credentials *credentials, const char *folder,
                                 const char *name, struct error *err)
{
    scoped_secret_text struct text bytes = {0};
    const char *path;
    bool exists;

    if (!folder || folder[0] == '\0')
        return 0;
    path = name ? arena_printf(credentials->arena, "%s/%s", folder, name) : folder;
    (void)text_reserve(&bytes, 4096);
    if (file_read(AT_FDCWD, path, LIMIT_CREDENTIAL_FILE_BYTES, &bytes, &exists, err) < 0)
        return error_wrap(err, "read credentials");
    if (!exists || bytes.length == 0)
        return 0;
    return credentials_parse(credentials, path, text_get(&bytes), bytes.length, err);
}

int credentials_read_files(struct credentials *credentials, struct error *err)
{
    const char *docker = getenv("DOCKER_CONFIG");
    const char *home = getenv("HOME");
    bool own_docker = docker && docker[0] != '\0';

    if (credentials_read_file(credentials, own_docker ? docker : home,
                              own_docker ? "config.json" : ".docker/config.json", err) < 0 ||
        credentials_read_file(credentials, getenv("REGISTRY_AUTH_FILE"), NULL, err) < 0 ||
        credentials_read_file(credentials, getenv("XDG_RUNTIME_DIR"), "containers/auth.json", err) <
            0 ||
        credentials_read_file(credentials, home, ".config/containers/auth.json", err) < 0)
        return -1;
    return 0;
}

/* Lookup ------------------------------------------------------------------------------------------
 */

static int file_ask_helpers(const struct credential_file *file, const char *registry,
                            struct credential *ret_credential, bool *ret_found, struct error *err)
{
    const char *key = string_eq(registry, "docker.io") ? HUB_KEY : registry;

    *ret_found = false;
    for (size_t i = 0; i < file->n_helpers; i++) {
        const struct helper_entry *helper = &file->helpers[i];

        if (!helper->registry || string_eq(helper->registry, registry))
            return credential_helper_get(helper->name, key, ret_credential, ret_found, err);
    }
    return 0;
}

static const struct credential *file_find(const struct credential_file *file, const char *registry,
                                          const char *repository)
{
    const struct credential *nearest = NULL;
    size_t nearest_length = 0;

    for (size_t i = 0; i < file->n_entries; i++) {
        const struct credential_entry *entry = &file->entries[i];
        size_t length = entry->namespace ? strlen(entry->namespace) + 1 : 0;

        if (!string_eq(entry->registry, registry) ||
            (entry->namespace && !namespace_holds(entry->namespace, repository)))
            continue;
        if (!nearest || length > nearest_length) {
            nearest = &entry->credential;
            nearest_length = length;
        }
    }
    return nearest;
}

int credentials_find(const struct credentials *credentials, const char *registry,
                     const char *repository, struct credential *ret_credential, bool *ret_found,
                     struct error *err)
{
    for (const struct credential_file *file = credentials->first; file; file = file->next) {
        const struct credential *entry = file_find(file, registry, repository);

        if (file_ask_helpers(file, registry, ret_credential, ret_found, err) < 0)
            return -1;
        if (*ret_found)
            return 0;
        if (!entry)
            continue;
        ret_credential->username = secret_copy(entry->username);
        ret_credential->secret = secret_copy(entry->secret);
        ret_credential->is_identity_token = entry->is_identity_token;
        *ret_found = true;
        return 0;
    }
    *ret_found = false;
    return 0;
}
