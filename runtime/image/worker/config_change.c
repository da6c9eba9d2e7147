/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/config_change.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/arena.h"
#include "common/units.h"

enum { LIMIT_PORT = 65535, LIMIT_PORT_RANGE = 1000 };

/* One instruction being applied. */
struct change {
    json_t *config;
    struct arena *arena;
    const char *text; /* what follows the instruction's name */
    struct error *err;
};

static void set(json_t *object, const char *key, json_t *take_value)
{
    if (!take_value || json_object_set_new(object, key, take_value) < 0)
        abort();
}

static void append(json_t *array, json_t *take_value)
{
    if (!take_value || json_array_append_new(array, take_value) < 0)
        abort();
}

/* The member, made when it is not there. */
static json_t *member(json_t *object, const char *key, json_t *(*make)(void))
{
    json_t *found = json_object_get(object, key);

    if (!found || json_is_null(found)) {
        set(object, key, make());
        found = json_object_get(object, key);
    }
    return found;
}

/* Words -------------------------------------------------------------------------------------------
 */

/* Takes a character that a backslash or quotes keep together. Returns false at an unquoted blank.
 */
static bool take_char(const char **place, char *quote, struct text *word)
{
    char c = **place;

    if (!*quote && isspace((unsigned char)c))
        return false;
    (*place)++;
    if (c == '\\' && *quote != '\'' && **place) {
        text_append_char(word, *(*place)++);
    } else if (*quote ? c == *quote : c == '"' || c == '\'') {
        *quote = *quote ? '\0' : c;
    } else {
        text_append_char(word, c);
    }
    return true;
}

/* Splits into words as a Dockerfile does. */
static int split_words(struct change *change, struct string_list *out)
{
    const char *place = change->text;

    for (;;) {
        scoped_text struct text word = {0};
        char quote = '\0';

        place += strspn(place, " \t\r\n");
        if (!*place)
            return 0;
        while (*place && take_char(&place, &quote, &word))
            ;
        if (quote)
            return error_set(change->err, "a quote is not closed");
        string_list_add(change->arena, out, arena_strdup(change->arena, text_get(&word)));
    }
}

/* A JSON array of strings, or NULL: then the text is for a shell. */
static json_t *exec_form(const char *text)
{
    json_t *array = *text == '[' ? json_parse(text, strlen(text), NULL) : NULL;
    bool is_strings = json_is_array(array);
    size_t index;
    json_t *item;

    json_array_foreach(array, index, item)
        is_strings = is_strings && json_is_string(item);
    if (is_strings)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *command_of(const char *text)
{
    json_t *array = exec_form(text);

    return array ? array : json_pack("[s, s, s]", "/bin/sh", "-c", text);
}

/* Instructions ------------------------------------------------------------------------------------
 */

static int change_cmd(struct change *change)
{
    set(change->config, "Cmd", command_of(change->text));
    return 0;
}

static int change_entrypoint(struct change *change)
{
    set(change->config, "Entrypoint", command_of(change->text));
    return 0;
}

static int change_user(struct change *change)
{
    set(change->config, "User", json_string(change->text));
    return 0;
}

static int change_stop_signal(struct change *change)
{
    set(change->config, "StopSignal", json_string(change->text));
    return 0;
}

static int change_onbuild(struct change *change)
{
    append(member(change->config, "OnBuild", json_array), json_string(change->text));
    return 0;
}

/* A relative one goes on from the one before. */
static int change_workdir(struct change *change)
{
    const char *base = json_get_string(change->config, "WorkingDir", "/");
    const char *path = change->text;

    if (*path != '/')
        path = arena_printf(change->arena, "%s/%s", string_eq(base, "/") ? "" : base, path);
    set(change->config, "WorkingDir", json_string(path));
    return 0;
}

static int change_volume(struct change *change)
{
    json_t *volumes = member(change->config, "Volumes", json_object);
    scoped(json_release) json_t *array = exec_form(change->text);
    struct string_list words = {0};
    size_t index;
    json_t *item;

    if (!array && split_words(change, &words) < 0)
        return -1;
    json_array_foreach(array, index, item)
        set(volumes, json_string_value(item), json_object());
    for (size_t i = 0; i < words.count; i++)
        set(volumes, words.items[i], json_object());
    return 0;
}

/* Splits "KEY=VALUE KEY=VALUE", or the old "KEY VALUE". */
static int split_pairs(struct change *change, struct string_list *out)
{
    size_t key_length = strcspn(change->text, " \t=");

    if (change->text[key_length] != '=') {
        const char *value = change->text + key_length + strspn(change->text + key_length, " \t");

        if (key_length == 0 || !*value)
            return error_set(change->err, "it must have the form KEY=VALUE");
        string_list_add(
            change->arena, out,
            arena_printf(change->arena, "%.*s=%s", (int)key_length, change->text, value));
        return 0;
    }
    if (split_words(change, out) < 0)
        return -1;
    for (size_t i = 0; i < out->count; i++) {
        if (strcspn(out->items[i], "=") == 0 || !strchr(out->items[i], '='))
            return error_set(change->err, "'%s' must have the form KEY=VALUE", out->items[i]);
    }
    return 0;
}

static void set_env(json_t *env, const char *pair)
{
    size_t key_length = strcspn(pair, "=") + 1;
    size_t index;
    json_t *item;

    json_array_foreach(env, index, item) {
        if (json_is_string(item) && strncmp(json_string_value(item), pair, key_length) == 0) {
            if (json_array_set_new(env, index, json_string(pair)) < 0)
                abort();
            return;
        }
    }
    append(env, json_string(pair));
}

static int change_env(struct change *change)
{
    json_t *env = member(change->config, "Env", json_array);
    struct string_list pairs = {0};

    if (split_pairs(change, &pairs) < 0)
        return -1;
    for (size_t i = 0; i < pairs.count; i++)
        set_env(env, pairs.items[i]);
    return 0;
}

static int change_label(struct change *change)
{
    json_t *labels = member(change->config, "Labels", json_object);
    struct string_list pairs = {0};

    if (split_pairs(change, &pairs) < 0)
        return -1;
    for (size_t i = 0; i < pairs.count; i++) {
        const char *equals = strchr(pairs.items[i], '=');
        size_t length = (size_t)(equals - pairs.items[i]);

        set(labels, arena_strndup(change->arena, pairs.items[i], length), json_string(equals + 1));
    }
    return 0;
}

/* Reads a port; `*place` moves behind it. */
static bool take_port(const char **place, unsigned long *ret_port)
{
    char *end;

    if (!isdigit((unsigned char)**place))
        return false;
    *ret_port = strtoul(*place, &end, 10);
    *place = end;
    return *ret_port <= LIMIT_PORT;
}

/* "80", "80/udp", "8000-8010/tcp". */
static int expose(struct change *change, json_t *ports, const char *word)
{
    const char *place = word;
    const char *protocol = "tcp";
    unsigned long first, last;
    bool ok = take_port(&place, &first);

    last = first;
    if (ok && *place == '-') {
        place++;
        ok = take_port(&place, &last);
    }
    if (ok && *place == '/')
        protocol = place + 1;
    else
        ok = ok && *place == '\0';
    if (!ok || last < first || last - first > LIMIT_PORT_RANGE || !*protocol)
        return error_set(change->err, "'%s' is no port", word);
    for (unsigned long port = first; port <= last; port++)
        set(ports, arena_printf(change->arena, "%lu/%s", port, protocol), json_object());
    return 0;
}

static int change_expose(struct change *change)
{
    json_t *ports = member(change->config, "ExposedPorts", json_object);
    struct string_list words = {0};

    if (split_words(change, &words) < 0)
        return -1;
    for (size_t i = 0; i < words.count; i++) {
        if (expose(change, ports, words.items[i]) < 0)
            return -1;
    }
    return 0;
}

/* One "--interval=5s" of HEALTHCHECK. */
static int healthcheck_option(struct change *change, json_t *check, const char *option)
{
    static const struct {
        const char *option, *key;
    } durations[] = {{"--interval=", "Interval"},
                     {"--timeout=", "Timeout"},
                     {"--start-period=", "StartPeriod"},
                     {"--start-interval=", "StartInterval"}};
    unsigned long long retries;
    int64_t ns;

    for (size_t i = 0; i < ARRAY_LENGTH(durations); i++) {
        const char *name = durations[i].option;

        if (!string_starts_with(option, name))
            continue;
        if (!duration_parse(option + strlen(name), &ns) || ns < 0)
            return error_set(change->err, "'%s' is no duration", option + strlen(name));
        set(check, durations[i].key, json_integer(ns));
        return 0;
    }
    if (!string_starts_with(option, "--retries=") ||
        !string_to_u64(option + strlen("--retries="), 1000000, &retries))
        return error_set(change->err, "unknown option '%s'", option);
    set(check, "Retries", json_integer((json_int_t)retries));
    return 0;
}

static int read_healthcheck(struct change *change, json_t *check)
{
    const char *place = change->text;
    json_t *test;

    while (string_starts_with(place, "--")) {
        size_t length = strcspn(place, " \t");

        if (healthcheck_option(change, check, arena_strndup(change->arena, place, length)) < 0)
            return -1;
        place += length;
        place += strspn(place, " \t");
    }
    if (strcasecmp(place, "NONE") == 0) {
        set(check, "Test", json_pack("[s]", "NONE"));
        return 0;
    }
    if (strncasecmp(place, "CMD", 3) != 0 || !isspace((unsigned char)place[3]))
        return error_set(change->err, "it must have the form CMD ... or NONE");
    place += 3 + strspn(place + 3, " \t");
    test = exec_form(place);
    if (test && json_array_insert_new(test, 0, json_string("CMD")) < 0)
        abort();
    set(check, "Test", test ? test : json_pack("[s, s]", "CMD-SHELL", place));
    return 0;
}

static int change_healthcheck(struct change *change)
{
    json_t *check = json_object();

    set(change->config, "Healthcheck", check);
    return read_healthcheck(change, check);
}

int config_change_apply(json_t *config, const char *instruction, struct error *err)
{
    static const struct {
        const char *name;
        int (*apply)(struct change *change);
    } instructions[] = {
        {"CMD", change_cmd},         {"ENTRYPOINT", change_entrypoint},
        {"ENV", change_env},         {"EXPOSE", change_expose},
        {"LABEL", change_label},     {"HEALTHCHECK", change_healthcheck},
        {"ONBUILD", change_onbuild}, {"STOPSIGNAL", change_stop_signal},
        {"USER", change_user},       {"VOLUME", change_volume},
        {"WORKDIR", change_workdir},
    };
    scoped(arena_free) struct arena *arena = arena_new();
    size_t length = strcspn(instruction, " \t");
    struct change change = {.config = config, .arena = arena, .err = err};
    char *text = arena_strdup(arena, instruction + length + strspn(instruction + length, " \t"));

    for (size_t end = strlen(text); end > 0 && isspace((unsigned char)text[end - 1]); end--)
        text[end - 1] = '\0';
    change.text = text;
    for (size_t i = 0; i < ARRAY_LENGTH(instructions); i++) {
        if (strlen(instructions[i].name) != length ||
            strncasecmp(instructions[i].name, instruction, length) != 0)
            continue;
        if (!*text)
            return error_set(err, "change '%s': it says nothing", instruction);
        if (instructions[i].apply(&change) < 0)
            return error_wrap(err, "change '%s'", instruction);
        return 0;
    }
    return error_set(err,
                     "change '%s': '%.*s' is not one of CMD, ENTRYPOINT, ENV, EXPOSE, "
                     "HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR",
                     instruction, (int)length, instruction);
}
