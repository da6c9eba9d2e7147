/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_resolve.h"

#include "common/json.h"
#include "orchestrator/cli/image/image_event.h"
#include "orchestrator/cli/image/image_worker.h"
#include "orchestrator/cli/image/transfer.h"

static const char *problem_text(const char *text, struct arena *arena)
{
    scoped_text struct text plain = {0};

    transfer_append_plain(text, &plain);
    return arena_strdup(arena, text_get(&plain));
}

static void answer_read(struct image_answer *answer, const json_t *json, struct arena *arena)
{
    const char *problem = json_get_string(json, "error", NULL);
    struct error err = {0};

    if (problem)
        answer->problem = problem_text(image_event_reason(problem, answer->reference), arena);
    else if (lock_image_read(json, answer->reference, arena, &answer->image, &err) < 0)
        answer->problem = arena_strdup(arena, err.text);
    else
        answer->problem = NULL;
}

static struct image_answers answers_start(struct string_list references, struct arena *arena)
{
    struct image_answers answers = {
        .items = arena_new_array(arena, struct image_answer, references.count)};

    for (size_t i = 0; i < references.count; i++)
        if (!image_answers_find(&answers, references.items[i]))
            answers.items[answers.count++] = (struct image_answer){
                .reference = references.items[i], .problem = "the image worker said nothing of it"};
    return answers;
}

static int answers_read(const struct text *output, struct arena *arena,
                        struct image_answers *answers, struct error *err)
{
    scoped(json_release) json_t *json = json_parse(text_get(output), output->length, err);
    const json_t *images = json_get_array(json, "images");

    if (!json)
        return -1;
    for (size_t i = 0; i < json_array_size(images); i++) {
        const json_t *image = json_array_get(images, i);
        const char *reference = json_get_string(image, "reference", "");

        for (size_t j = 0; j < answers->count; j++)
            if (string_eq(answers->items[j].reference, reference))
                answer_read(&answers->items[j], image, arena);
    }
    return 0;
}

int image_resolve(struct string_list references, const char *data_root, struct arena *arena,
                  struct image_answers *ret_answers, struct error *err)
{
    struct string_list args = image_worker_args(arena, "resolve", data_root);
    scoped_text struct text output = {0};
    int exit_code;

    *ret_answers = answers_start(references, arena);
    if (references.count == 0)
        return 0;
    for (size_t i = 0; i < ret_answers->count; i++)
        string_list_add(arena, &args, ret_answers->items[i].reference);
    if (image_worker_ask(args, &output, &exit_code, err) < 0)
        return -1;
    if (exit_code > 1 || output.length == 0)
        return error_set(err, "resolve images: the image worker ended with status %d", exit_code);
    if (answers_read(&output, arena, ret_answers, err) < 0)
        return error_wrap(err, "resolve images");
    return 0;
}

const struct image_answer *image_answers_find(const struct image_answers *answers,
                                              const char *reference)
{
    for (size_t i = 0; i < answers->count; i++)
        if (string_eq(answers->items[i].reference, reference))
            return &answers->items[i];
    return NULL;
}
