/* SPDX-License-Identifier: Apache-2.0 */
/* Which variables the texts of a model refer to, and how. */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "orchestrator/compose/compose_model.h"
#include "orchestrator/compose/interpolation.h"
#include "orchestrator/compose/trail.h"

struct survey {
    struct arena *arena;
    struct node *numbers; /* name to index + 1 */
    struct variable_use *uses;
    size_t count, capacity;
    const struct node *node;
    const struct trail *trail;
};

static struct variable_use *use_of(struct survey *survey, const char *name)
{
    const struct node *number = node_get(survey->numbers, name);
    struct variable_use *more;

    if (number)
        return &survey->uses[number->integer];
    if (survey->count == survey->capacity) {
        survey->capacity = survey->capacity ? survey->capacity * 2 : 16;
        more = arena_new_array(survey->arena, struct variable_use, survey->capacity);
        if (survey->count)
            memcpy(more, survey->uses, survey->count * sizeof(*more));
        survey->uses = more;
    }
    node_put(survey->arena, survey->numbers, name,
             node_int(survey->arena, (int64_t)survey->count, survey->numbers->at));
    survey->uses[survey->count] =
        (struct variable_use){.name = name, .fallback = "", .alternative = ""};
    return &survey->uses[survey->count++];
}

/* Places are kept in reverse while they are collected. */
static void note(struct survey *survey, const struct interpolation_use *found)
{
    struct variable_use *use =
        use_of(survey, arena_strndup(survey->arena, found->name, found->name_length));
    const char *operand =
        arena_strndup(survey->arena, found->operand ? found->operand : "", found->operand_length);
    struct variable_place *place;

    if (found->operator== '-' && !* use->fallback)
        use->fallback = operand;
    if (found->operator== '+' && !* use->alternative)
        use->alternative = operand;
    use->required |= found->operator== '?';
    if (use->places && use->places->at.file == survey->node->at.file &&
        use->places->at.line == survey->node->at.line &&
        use->places->at.column == survey->node->at.column)
        return;
    place = arena_new_object(survey->arena, struct variable_place);
    *place = (struct variable_place){.next = use->places,
                                     .at = survey->node->at,
                                     .path = trail_text(survey->arena, survey->trail)};
    use->places = place;
}

static void look_in_text(struct survey *survey, const char *text, const char *end, unsigned depth)
{
    while (depth < LIMIT_INTERPOLATION_DEPTH && (text = memchr(text, '$', (size_t)(end - text)))) {
        struct interpolation_use use;
        size_t length;

        if (text + 1 < end && text[1] == '$') {
            text += 2;
            continue;
        }
        length = interpolation_parse(text, end, &use);
        if (length == 0) {
            text++;
            continue;
        }
        note(survey, &use);
        if (use.operand_length > 0)
            look_in_text(survey, use.operand, use.operand + use.operand_length, depth + 1);
        text += length;
    }
}

static void look(struct survey *survey, const struct node *node, const struct trail *trail)
{
    survey->node = node;
    survey->trail = trail;
    if (node->kind == NODE_STRING)
        look_in_text(survey, node->text, node->text + strlen(node->text), 0);
    for (size_t i = 0; node->kind == NODE_LIST && i < node->list.count; i++) {
        struct trail here = {trail, NULL, i};

        look(survey, node->list.items[i], &here);
    }
    for (size_t i = 0; node->kind == NODE_MAP && i < node->map.count; i++) {
        struct trail here = {trail, node->map.entries[i].key, 0};

        look(survey, node->map.entries[i].value, &here);
    }
}

static void turn_places(struct variable_use *use)
{
    struct variable_place *turned = NULL;

    while (use->places) {
        struct variable_place *next = use->places->next;

        use->places->next = turned;
        turned = use->places;
        use->places = next;
    }
    use->places = turned;
}

static int compare_uses(const void *a, const void *b)
{
    return strcmp(((const struct variable_use *)a)->name, ((const struct variable_use *)b)->name);
}

struct variable_use *compose_variable_uses(const struct compose *compose, struct arena *arena,
                                           size_t *ret_count)
{
    struct trail services = {NULL, "services", 0};
    struct survey survey = {.arena = arena,
                            .numbers = node_new(arena, NODE_MAP, compose->model->at)};

    look(&survey, compose->model, NULL);
    look(&survey, compose->disabled, &services);
    for (size_t i = 0; i < survey.count; i++)
        turn_places(&survey.uses[i]);
    if (survey.count > 1)
        qsort(survey.uses, survey.count, sizeof(*survey.uses), compare_uses);
    *ret_count = survey.count;
    return survey.uses;
}
