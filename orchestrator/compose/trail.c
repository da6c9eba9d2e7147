/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/trail.h"

#include "common/text.h"

/* Trails are as deep as the model, which is bounded by LIMIT_YAML_DEPTH. */
static void append_trail(const struct trail *trail, struct text *out)
{
    if (!trail)
        return;
    append_trail(trail->up, out);
    if (!trail->name)
        text_appendf(out, "[%zu]", trail->index);
    else
        text_appendf(out, "%s%s", out->length ? "." : "", trail->name);
}

const char *trail_text(struct arena *arena, const struct trail *trail)
{
    scoped_text struct text out = {0};

    append_trail(trail, &out);
    return out.length ? arena_strdup(arena, text_get(&out)) : NULL;
}
