/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/id_range.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/path.h"

Test(id_range, projects_share_no_ids_and_keep_their_own)
{
    char root[] = "/tmp/yawl-ids-XXXXXX";
    struct id_range first, second, again;
    struct error err = {0};

    cr_assert_not_null(mkdtemp(root));
    cr_assert_eq(id_range_take(root, "a", &first, &err), 0, "%s", err.text);
    cr_assert_eq(id_range_take(root, "b", &second, &err), 0, "%s", err.text);
    cr_assert_eq(id_range_take(root, "a", &again, &err), 0, "%s", err.text);
    cr_expect_eq(first.base, again.base);
    cr_expect_eq(first.count, ID_RANGE_COUNT);
    cr_expect_geq(second.base > first.base ? second.base - first.base : first.base - second.base,
                  ID_RANGE_COUNT);
    cr_expect_eq(path_remove_tree(AT_FDCWD, root, NULL), 0);
}

Test(id_range, the_last_release_leaves_no_file)
{
    char root[] = "/tmp/yawl-ids-XXXXXX", path[64];
    struct error err = {0};
    struct id_range range;

    cr_assert_not_null(mkdtemp(root));
    (void)snprintf(path, sizeof(path), "%s/idmaps.json", root);
    cr_assert_eq(id_range_take(root, "a", &range, &err), 0, "%s", err.text);
    cr_expect_eq(access(path, F_OK), 0);
    cr_assert_eq(id_range_release(root, "a", &err), 0, "%s", err.text);
    cr_expect_eq(access(path, F_OK), -1);
    cr_expect_eq(rmdir(root), 0);
}
