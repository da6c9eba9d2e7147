/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes docs/compose-support.md from the key tables, or checks that it is current:
 *
 *   compose_support FILE            TAP: is the file what the tables say?
 *   compose_support --write FILE
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/arena.h"
#include "common/file.h"
#include "common/text.h"
#include "orchestrator/compose/keys.h"

enum { MOST_BYTES = 1024 * 1024, MOST_DEPTH = 16 };

static const char HEAD[] =
    "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
    "<!-- Written by compose_support from the key tables: change those, then run\n"
    "     build/tests/unit/orchestrator/compose/compose_support --write docs/compose-support.md -->\n"
    "# What of the Compose Specification yawl does\n"
    "\n"
    "Every key below is read, checked, merged and printed by `yawl config`. The second column says\n"
    "what `yawl up` does about it:\n"
    "\n"
    "- **yes**: it does what the key says;\n"
    "- **mostly**: it does, but for some values, of which a warning or an error is given;\n"
    "- **no effect**: the key is accepted with a warning;\n"
    "- **refused**: the project is not started, with an error that says why.\n"
    "\n"
    "`*` stands for a name that the file chooses, `[]` for the items of a list. A key that starts\n"
    "with `x-` is accepted nearly everywhere and has no meaning.\n";

/* What is said of a key goes for all that is below it. */
struct verdict {
    enum support support;
    const char *reason;
    bool partly;
};

struct writer {
    struct arena *arena;
    struct text *out;
    size_t counts[3];
};

static void write_keys(struct writer *writer, const struct shape *shape, const char *path,
                       const struct verdict *above, unsigned depth);

static struct verdict verdict_of(const struct key *key, const struct verdict *above)
{
    struct verdict verdict = {key->support, key->reason, key->concerns != NULL};

    if (above->support != ACTED && !above->partly)
        return *above;
    if (verdict.support != ACTED && !verdict.reason)
        verdict.reason = "it is not supported";
    return verdict;
}

static void write_row(struct writer *writer, const struct key *key, const char *path,
                      const struct verdict *verdict)
{
    static const char *const words[] = {"yes", "no effect", "refused"};

    text_appendf(writer->out, "| `%s` | ", path);
    if (verdict->support == ACTED)
        text_append(writer->out, words[ACTED]);
    else
        text_appendf(writer->out, "%s: %s", verdict->partly ? "mostly" : words[verdict->support],
                     verdict->reason);
    text_appendf(writer->out, " | %s |\n", key->about);
    writer->counts[verdict->partly ? ACTED : verdict->support]++;
}

/* The mapping or list below a value. */
static void write_below(struct writer *writer, const struct shape *shape, const char *path,
                        const struct verdict *above, unsigned depth)
{
    if (!shape || depth > MOST_DEPTH)
        return;
    write_keys(writer, shape, path, above, depth);
    if (shape->each)
        write_below(writer, shape->each, arena_printf(writer->arena, "%s.*", path), above,
                    depth + 1);
    if (shape->item)
        write_below(writer, shape->item, arena_printf(writer->arena, "%s[]", path), above,
                    depth + 1);
}

static void write_keys(struct writer *writer, const struct shape *shape, const char *path,
                       const struct verdict *above, unsigned depth)
{
    for (size_t i = 0; i < shape->n_keys; i++) {
        const struct key *key = &shape->keys[i];
        const char *here = arena_printf(writer->arena, "%s.%s", path, key->name);
        struct verdict verdict = verdict_of(key, above);

        write_row(writer, key, here, &verdict);
        write_below(writer, key->shape, here, &verdict, depth + 1);
    }
}

static void write_document(struct writer *writer)
{
    const struct verdict acted = {ACTED, NULL, false};

    text_append(writer->out, HEAD);
    for (size_t i = 0; i < shape_project.n_keys; i++) {
        const struct key *key = &shape_project.keys[i];
        struct verdict verdict = verdict_of(key, &acted);

        text_appendf(writer->out, "\n## %s\n\n| key | `up` | what it is |\n|---|---|---|\n",
                     key->name);
        write_row(writer, key, key->name, &verdict);
        write_below(writer, key->shape, key->name, &verdict, 0);
    }
    text_appendf(writer->out,
                 "\nIn all %zu keys: %zu are followed, %zu have no effect, %zu are refused.\n",
                 writer->counts[ACTED] + writer->counts[NOTED] + writer->counts[REFUSED],
                 writer->counts[ACTED], writer->counts[NOTED], writer->counts[REFUSED]);
}

static int check(const char *path, const struct text *expected)
{
    scoped_text struct text found = {0};
    struct error err = {0};
    bool exists = false;
    bool same = file_read(AT_FDCWD, path, MOST_BYTES, &found, &exists, &err) == 0 && exists &&
                string_eq(text_get(&found), text_get(expected));

    printf("1..1\n%sok 1 - %s says what the tables say\n", same ? "" : "not ", path);
    if (!same)
        printf("# write it anew: compose_support --write %s\n", path);
    return same ? 0 : 1;
}

int main(int argc, char **argv)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text out = {0};
    struct writer writer = {arena, &out, {0}};
    struct error err = {0};

    write_document(&writer);
    if (argc == 2)
        return check(argv[1], &out);
    if (argc != 3 || strcmp(argv[1], "--write") != 0) {
        (void)fprintf(stderr, "usage: compose_support [--write] FILE\n");
        return 2;
    }
    if (file_replace(AT_FDCWD, argv[2], text_get(&out), out.length, 0644, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    return 0;
}
