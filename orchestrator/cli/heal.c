/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/heal.h"

#include "orchestrator/supervise/supervisor_client.h"

int project_heal(const struct project_dir *dir, const char *project, struct error *err)
{
    scoped(supervisor_client_free) struct supervisor_client *client = NULL;

    struct request watch = {.command = "watch"};

    /* Its answer comes after the first pass over what it adopted. */
    if (supervisor_connect(dir, project, &client, err) < 0)
        return -1;
    return supervisor_client_request(client, &watch, err);
}
