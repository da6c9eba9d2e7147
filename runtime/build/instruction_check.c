/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/instruction_check.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "common/units.h"
#include "runtime/build/build_limits.h"
#include "runtime/build/file_mode.h"
#include "runtime/build/suggestion.h"
#include "runtime/image/image_platform.h"

enum { SHORTEST_NS = 1000 * 1000 };

struct check {
    struct instruction *instruction;
    struct diagnostics *diagnostics;
    const char *path;
};

static struct check check_init(struct instruction *instruction, struct diagnostics *diagnostics)
{
    return (struct check){instruction, diagnostics, instruction_name(instruction->kind)};
}

static bool has_variable(const char *text)
{
    return strchr(text, '$') != NULL;
}

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

bool exposed_port_parse(const char *text, struct exposed_port *ret_port)
{
    static const char *const protocols[] = {"tcp", "udp", "sctp"};
    struct exposed_port port = {.protocol = "tcp"};
    size_t length = strcspn(text, "/"), first = strcspn(text, "-/");
    bool known = false;

    if (text[length] == '/')
        port.protocol = text + length + 1;
    for (size_t i = 0; i < ARRAY_LENGTH(protocols); i++)
        known = known || strcasecmp(port.protocol, protocols[i]) == 0;
    if (!known || !string_to_port(text, first, &port.first))
        return false;
    port.last = port.first;
    if (first < length && !string_to_port(text + first + 1, length - first - 1, &port.last))
        return false;
    *ret_port = port;
    return port.last >= port.first;
}

static void check_from(const struct check *check)
{
    const struct word_list *words = &check->instruction->words;
    const char *name;

    if (words->count == 3 && strcasecmp(words->items[1].text, "AS") == 0) {
        name = words->items[2].text;
        for (const char *p = name; *p; p++) {
            if (isalpha((unsigned char)*p) ||
                (p > name && (isdigit((unsigned char)*p) || strchr("-_.", *p))))
                continue;
            diagnostics_error(check->diagnostics, words->items[2].at, check->path,
                              "'%s' is no name for a stage: it begins with a letter and has "
                              "letters, digits, '-', '_' and '.'",
                              name);
            return;
        }
    } else if (words->count != 1) {
        diagnostics_error(check->diagnostics, check->instruction->at, check->path,
                          "must be FROM image or FROM image AS name");
    }
}

static void check_copy(const struct check *check)
{
    const struct instruction *instruction = check->instruction;
    const struct word_list *words = &instruction->words;
    const struct flag *from = instruction_flag(instruction, FLAG_FROM);

    if (words->count < 2)
        diagnostics_error(check->diagnostics, instruction->at, check->path,
                          "needs at least one source and a destination");
    else if (instruction_heredoc_of(instruction, &words->items[words->count - 1]))
        diagnostics_error(check->diagnostics, words->items[words->count - 1].at, check->path,
                          "a here-document cannot be the destination");
    if (from && has_variable(from->value.text))
        diagnostics_error(check->diagnostics, from->value.at, check->path,
                          "--from cannot hold a variable; name a stage with FROM ... AS instead");
    else if (from && *from->value.text == '\0')
        diagnostics_error(check->diagnostics, from->value.at, check->path, "--from is empty");
}

static void check_ports(const struct check *check)
{
    const struct word_list *words = &check->instruction->words;

    for (size_t i = 0; i < words->count; i++) {
        struct exposed_port port;

        /* Addresses and host ports are a matter of `build --check`. */
        if (!strpbrk(words->items[i].text, "$:\"'\\") &&
            !exposed_port_parse(words->items[i].text, &port))
            diagnostics_error(check->diagnostics, words->items[i].at, check->path,
                              "'%s' is no port like 80 or 8000-8010/udp", words->items[i].text);
    }
}

static void check_volumes(const struct check *check)
{
    const struct word_list *words = &check->instruction->words;

    for (size_t i = 0; i < words->count; i++) {
        const char *text = words->items[i].text;

        if (*skip_blanks(text, text + strlen(text)) == '\0')
            diagnostics_error(check->diagnostics, words->items[i].at, check->path,
                              "the path of a volume is empty");
    }
}

static void check_pairs(const struct check *check)
{
    const struct instruction *instruction = check->instruction;

    for (size_t i = 0; i < instruction->n_pairs; i++) {
        if (*instruction->pairs[i].name.text == '\0')
            diagnostics_error(check->diagnostics, instruction->pairs[i].name.at, check->path,
                              "there is no name before '='");
    }
}

static void check_trigger(const struct check *check)
{
    enum instruction_kind kind = check->instruction->kind;

    if (kind == INSTRUCTION_ONBUILD || kind == INSTRUCTION_FROM || kind == INSTRUCTION_MAINTAINER)
        diagnostics_error(check->diagnostics, check->instruction->at, "ONBUILD",
                          "%s cannot be triggered", check->path);
}

/* At least one argument, and not more than there is room for. */
static void check_count(const struct check *check)
{
    const struct instruction *instruction = check->instruction;
    size_t count = instruction->words.count + instruction->n_pairs;
    bool none = instruction->kind == INSTRUCTION_ONBUILD || instruction->kind == INSTRUCTION_FROM ||
                instruction->kind == INSTRUCTION_COPY || instruction->kind == INSTRUCTION_ADD ||
                instruction->kind == INSTRUCTION_HEALTHCHECK;

    if (count > LIMIT_INSTRUCTION_WORDS)
        diagnostics_error(check->diagnostics, instruction->at, check->path,
                          "there are too many arguments");
    /* CMD [] and ENTRYPOINT [] take away what the base image says. */
    if (count == 0 && !none &&
        (!instruction->json || instruction->kind == INSTRUCTION_SHELL ||
         instruction->kind == INSTRUCTION_VOLUME))
        diagnostics_error(check->diagnostics, instruction->at, check->path,
                          "needs at least one argument");
    if (instruction->kind == INSTRUCTION_SHELL && count > 0 && !instruction->json)
        diagnostics_error(check->diagnostics, instruction->words.items[0].at, check->path,
                          "must be an array like [\"/bin/bash\", \"-c\"]");
}

static void check_time(const struct check *check, const struct flag *flag)
{
    struct build_healthcheck *health = &check->instruction->health;
    int64_t *place = flag->kind == FLAG_INTERVAL       ? &health->interval_ns
                     : flag->kind == FLAG_TIMEOUT      ? &health->timeout_ns
                     : flag->kind == FLAG_START_PERIOD ? &health->start_period_ns
                                                       : &health->start_interval_ns;

    if (!duration_parse(flag->value.text, place) || (*place != 0 && *place < SHORTEST_NS))
        diagnostics_error(check->diagnostics, flag->value.at, check->path,
                          "--%s '%s' is not a time like 30s, of 1ms at least",
                          flag_name(flag->kind), flag->value.text);
}

static void check_choice(const struct check *check, const struct flag *flag,
                         const char *const *words, size_t count)
{
    struct suggestion suggestion = {flag->value.text, words, count, NULL};

    if (!is_one_of(flag->value.text, words, count))
        suggestion_add(&suggestion, check->diagnostics, flag->value.at, check->path,
                       flag->kind == FLAG_NETWORK ? "unknown network" : "unknown security");
}

static void check_mode(const struct check *check, const struct flag *flag)
{
    const char *text = flag->value.text;
    mode_t mode;

    if (!has_variable(text) && !file_mode_apply(text, S_IFREG, &mode))
        diagnostics_error(check->diagnostics, flag->value.at, check->path,
                          "--chmod '%s' is not a mode like 755 or u=rwX,go=rX", text);
}

static void check_checksum(const struct check *check, const struct flag *flag)
{
    static const struct {
        const char *prefix;
        size_t digits;
    } kinds[] = {{"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}};
    const char *text = flag->value.text;

    if (has_variable(text))
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        const char *digits = text + strlen(kinds[i].prefix);

        if (string_starts_with(text, kinds[i].prefix) && strlen(digits) == kinds[i].digits &&
            strspn(digits, "0123456789abcdef") == kinds[i].digits)
            return;
    }
    /* A commit: what ADD of a git repository is held against. */
    if (strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40)
        return;
    diagnostics_error(check->diagnostics, flag->value.at, check->path,
                      "--checksum '%s' is not a digest like sha256:...", text);
}

static void check_platform(const struct check *check, const struct flag *flag)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_platform platform;
    struct error err;

    if (!has_variable(flag->value.text) &&
        image_platform_parse(flag->value.text, arena, &platform, &err) < 0)
        diagnostics_error(check->diagnostics, flag->value.at, check->path, "%s", err.text);
}

static void check_retries(const struct check *check, const struct flag *flag)
{
    unsigned long long retries;

    if (string_to_u64(flag->value.text, INT32_MAX, &retries))
        check->instruction->health.retries = (int64_t)retries;
    else
        diagnostics_error(check->diagnostics, flag->value.at, check->path,
                          "--retries '%s' is not a number", flag->value.text);
}

static void check_flag(const struct check *check, const struct flag *flag)
{
    static const char *const networks[] = {"default", "none", "host"};
    static const char *const securities[] = {"sandbox", "insecure"};

    switch (flag->kind) {
    case FLAG_INTERVAL:
    case FLAG_TIMEOUT:
    case FLAG_START_PERIOD:
    case FLAG_START_INTERVAL:
        check_time(check, flag);
        break;
    case FLAG_RETRIES:
        check_retries(check, flag);
        break;
    case FLAG_NETWORK:
        check_choice(check, flag, networks, ARRAY_LENGTH(networks));
        break;
    case FLAG_SECURITY:
        check_choice(check, flag, securities, ARRAY_LENGTH(securities));
        break;
    case FLAG_CHMOD:
        check_mode(check, flag);
        break;
    case FLAG_CHECKSUM:
        check_checksum(check, flag);
        break;
    case FLAG_PLATFORM:
        check_platform(check, flag);
        break;
    default:
        break;
    }
}

void instruction_check_arguments(struct instruction *instruction, bool in_trigger,
                                 struct diagnostics *diagnostics)
{
    struct check check = check_init(instruction, diagnostics);

    check_count(&check);
    check_pairs(&check);
    if (in_trigger)
        check_trigger(&check);
    if (instruction->kind == INSTRUCTION_FROM)
        check_from(&check);
    else if (instruction->kind == INSTRUCTION_COPY || instruction->kind == INSTRUCTION_ADD)
        check_copy(&check);
}

void instruction_check_values(struct instruction *instruction, struct diagnostics *diagnostics)
{
    struct check check = check_init(instruction, diagnostics);

    if (instruction->kind == INSTRUCTION_EXPOSE)
        check_ports(&check);
    else if (instruction->kind == INSTRUCTION_VOLUME)
        check_volumes(&check);
    for (size_t i = 0; i < instruction->n_flags; i++)
        check_flag(&check, &instruction->flags[i]);
}
