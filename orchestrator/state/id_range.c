/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/id_range.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "common/own_ids.h"

enum { ID_RANGE_SLOTS = 4096 };

/* Opens the data root and locks it for as long as the descriptor is open; the table is empty when
 * there is none yet. */
static int table_open(const char *data_root, int *ret_dir_fd, json_t **ret_table, struct error *err)
{
    scoped_fd int dir_fd = open(data_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir_fd < 0)
        return error_sys(err, "open '%s'", data_root);
    if (flock(dir_fd, LOCK_EX) < 0)
        return error_sys(err, "lock '%s'", data_root);
    *ret_table = json_read_file(dir_fd, "idmaps.json", err);
    if (!*ret_table && err->number != ENOENT)
        return -1;
    if (!*ret_table)
        *ret_table = json_object();
    *ret_dir_fd = steal_fd(&dir_fd);
    return 0;
}

static int table_write(int dir_fd, const json_t *table, struct error *err)
{
    scoped_text struct text text = {0};

    if (json_object_size(table) == 0) {
        (void)unlinkat(dir_fd, "idmaps.json", 0);
        return 0;
    }
    json_format(table, &text);
    return file_replace(dir_fd, "idmaps.json", text.data, text.length, 0600, err);
}

static bool slot_is_taken(json_t *table, int64_t slot)
{
    const char *name;
    json_t *value;

    json_object_foreach(table, name, value) {
        if (json_integer_value(value) == slot)
            return true;
    }
    return false;
}

/* Those of an ordinary user. */
static int own_range(struct id_range *ret_range, struct error *err)
{
    uint32_t count;

    if (own_ids_count(&count, err) < 0)
        return -1;
    *ret_range = (struct id_range){0, count < ID_RANGE_COUNT ? count : ID_RANGE_COUNT};
    return 0;
}

int id_range_take(const char *data_root, const char *project, struct id_range *ret_range,
                  struct error *err)
{
    scoped(json_release) json_t *table = NULL;
    scoped_fd int dir_fd = -1;
    int64_t slot;

    if (!own_ids_are_all())
        return own_range(ret_range, err);
    if (table_open(data_root, &dir_fd, &table, err) < 0)
        return error_wrap(err, "choose ids for project '%s'", project);
    slot = json_get_int(table, project, -1);
    if (slot < 0 || slot >= ID_RANGE_SLOTS) {
        for (slot = 0; slot < ID_RANGE_SLOTS && slot_is_taken(table, slot);)
            slot++;
        if (slot == ID_RANGE_SLOTS)
            return error_set(err, "choose ids for project '%s': all %d ranges are taken", project,
                             ID_RANGE_SLOTS);
        json_object_set_new(table, project, json_integer(slot));
        if (table_write(dir_fd, table, err) < 0)
            return -1;
    }
    *ret_range =
        (struct id_range){ID_RANGE_FIRST + (uint32_t)slot * ID_RANGE_COUNT, ID_RANGE_COUNT};
    return 0;
}

int id_range_release(const char *data_root, const char *project, struct error *err)
{
    scoped(json_release) json_t *table = NULL;
    scoped_fd int dir_fd = -1;

    if (table_open(data_root, &dir_fd, &table, err) < 0)
        return -1;
    json_object_del(table, project);
    return table_write(dir_fd, table, err);
}
