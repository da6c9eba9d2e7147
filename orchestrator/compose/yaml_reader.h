/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text to trees. The one home of libyaml.
 *
 * Anchors, aliases and merge keys are resolved here, before anything else looks at the file. Size,
 * number of nodes, nesting and alias expansion are bounded (common/limits.h). A key that is written
 * twice, a key that is not a string, and text that is not YAML are mistakes with a place.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_YAML_READER_H
#define YAWL_ORCHESTRATOR_COMPOSE_YAML_READER_H

#include <stddef.h>

#include "common/arena.h"
#include "common/diagnostics.h"
#include "orchestrator/compose/node.h"

struct yaml_source {
    const char *file; /* as messages name it; outlives the nodes */
    const char *bytes;
    size_t length;
};

/* All documents of the text, as a list node. Returns -1 when the text is unusable; what can be said
 * about it is in the diagnostics then. Mistakes that leave a tree behind are diagnosed, too, and
 * return 0. */
MUST_CHECK int yaml_read(struct arena *arena, struct diagnostics *diagnostics,
                         const struct yaml_source *source, struct node **ret_documents);

#endif
