/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/mount.h>

#include "common/path.h"
#include "common/text.h"
#include "runtime/oci/config.h"

enum { MAX_MOUNTS = 4096 };

/* A word sets bits and clears others, on the mount itself; "r" in front: on those below as well. */
static const struct {
    const char *name;
    uint64_t set, clear;
} attributes[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME},
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {"atime", 0, MOUNT_ATTR__ATIME},
    {"relatime", 0, MOUNT_ATTR__ATIME},
    {"norelatime", 0, MOUNT_ATTR__ATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    {"nostrictatime", 0, MOUNT_ATTR__ATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
};

/* What is on unless it is said otherwise, and what only mount(8) or kernels of old mind. */
static const char *const without_effect[] = {"defaults",   "async",      "loud",    "silent",
                                             "nomand",     "nofail",     "auto",    "noauto",
                                             "nolazytime", "noiversion", "iversion"};

/* What the kernel takes for every file system, and is passed on to it as all that is not known. */
static const char *const passed_on[] = {"sync", "dirsync", "lazytime", "mand"};

static const struct {
    const char *name;
    unsigned long flags;
} propagations[] = {
    {"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC},
    {"slave", MS_SLAVE},           {"rslave", MS_SLAVE | MS_REC},
    {"shared", MS_SHARED},         {"rshared", MS_SHARED | MS_REC},
    {"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
};

unsigned long oci_propagation(const char *word)
{
    for (size_t i = 0; i < ARRAY_LENGTH(propagations); i++)
        if (string_eq(propagations[i].name, word))
            return propagations[i].flags;
    return 0;
}

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (string_eq(list[i], word))
            return true;
    return false;
}

static bool take_attribute(const char *word, struct mount_spec *mount)
{
    for (size_t i = 0; i < ARRAY_LENGTH(attributes); i++) {
        bool recursive = word[0] == 'r' && string_eq(word + 1, attributes[i].name);

        if (recursive) {
            mount->set_recursively &= ~attributes[i].clear;
            mount->set_recursively |= attributes[i].set;
            mount->clear_recursively &= ~attributes[i].set;
            mount->clear_recursively |= attributes[i].clear;
            return true;
        }
        if (string_eq(word, attributes[i].name)) {
            mount->set &= ~attributes[i].clear;
            mount->set |= attributes[i].set;
            mount->clear &= ~attributes[i].set;
            mount->clear |= attributes[i].clear;
            return true;
        }
    }
    return false;
}

/*
 * How ids are mapped: by members of the mount, or by crun's words among its options.
 */

/* "0-1-10#20-30-5": inside, outside and count of each range. */
static bool take_ranges(struct arena *arena, char *text, struct id_ranges *ranges)
{
    for (char *part; (part = strsep(&text, "#"));) {
        struct id_range *range;
        unsigned long long numbers[3];

        for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
            const char *word = strsep(&part, "-");

            if (!word || !string_to_u64(word, UINT32_MAX, &numbers[i]))
                return false;
        }
        if (part || numbers[2] == 0 || ranges->count == OCI_MAX_RANGES)
            return false;
        ranges->items = arena_room(arena, ranges->items, ranges->count);
        range = &ranges->items[ranges->count++];
        *range =
            (struct id_range){(uint32_t)numbers[0], (uint32_t)numbers[1], (uint32_t)numbers[2]};
    }
    return true;
}

/* "uids=RANGES;gids=RANGES". */
static bool take_maps(struct arena *arena, const char *text, struct mount_spec *mount)
{
    struct id_ranges *maps = arena_new_array(arena, struct id_ranges, 2);
    char *rest = arena_strdup(arena, text);

    for (char *part; (part = strsep(&rest, ";"));) {
        bool is_gids = string_starts_with(part, "gids=");

        if (!is_gids && !string_starts_with(part, "uids="))
            return false;
        if (!take_ranges(arena, part + strlen("uids="), &maps[is_gids]))
            return false;
    }
    mount->uids = &maps[0];
    mount->gids = &maps[1];
    return maps[0].count > 0 && maps[1].count > 0;
}

/* Without a word about the ranges they are the container's own. */
static void take_idmap(struct oci_reader *reader, struct oci_at at, const char *word,
                       const struct bundle_spec *bundle, struct mount_spec *mount)
{
    const char *text = strchr(word, '=');

    if (text && !take_maps(reader->arena, text + 1, mount))
        oci_fail(reader, at, "options", "'%s' is not as 'idmap=uids=0-1000-10;gids=0-1000-10'",
                 word);
    if (!mount->uids && bundle->uids.count > 0) {
        mount->uids = &bundle->uids;
        mount->gids = &bundle->gids;
    }
    if (!mount->uids)
        oci_fail(reader, at, "options", "'%s' needs uidMappings and gidMappings", word);
}

static bool is_idmap(const char *word)
{
    word += word[0] == 'r';
    return string_eq(word, "idmap") || string_starts_with(word, "idmap=");
}

/* How the source is bound, and what crun and runc know besides. */
static bool take_manner(const char *word, struct mount_spec *mount)
{
    if (string_eq(word, "bind") || string_eq(word, "rbind")) {
        mount->kind = MOUNT_BIND;
        mount->recursive = mount->recursive || word[0] == 'r';
    } else if (string_eq(word, "tmpcopyup")) {
        mount->copies_up = true;
    } else if (string_eq(word, "src-nofollow") || string_eq(word, "copy-symlink")) {
        mount->keeps_link = true;
    } else if (string_eq(word, "dest-nofollow")) {
        mount->covers_link = true;
    } else if (string_eq(word, "remount")) {
        mount->remounts = true;
    } else {
        return false;
    }
    return true;
}

static void read_options(struct oci_reader *reader, struct oci_at at,
                         const struct bundle_spec *bundle, struct mount_spec *mount)
{
    struct string_list words = {0};
    scoped_text struct text data = {0};

    (void)oci_strings(reader, at, "options", &words);
    for (size_t i = 0; i < words.count; i++) {
        const char *word = words.items[i];
        unsigned long propagation = oci_propagation(word);

        if (propagation)
            mount->propagation_flags = propagation;
        else if (is_idmap(word))
            take_idmap(reader, at, word, bundle, mount);
        else if (!take_manner(word, mount) && !take_attribute(word, mount) &&
                 !is_one_of(word, without_effect, ARRAY_LENGTH(without_effect)))
            text_appendf(&data, "%s%s", data.length ? "," : "", word);
    }
    if (data.length)
        mount->options = arena_strdup(reader->arena, data.data);
}

static void check_mount(struct oci_reader *reader, struct oci_at at, struct mount_spec *mount)
{
    if (mount->remounts && (mount->keeps_link || mount->uids || mount->copies_up))
        oci_fail(reader, at, "options", "'remount' changes attributes and data alone");
    if (mount->copies_up && !string_eq(mount->type, "tmpfs"))
        oci_fail(reader, at, "options", "'tmpcopyup' is for a tmpfs alone");
    if (mount->kind == MOUNT_BIND || mount->remounts)
        return;
    if (!mount->type || !*mount->type)
        oci_fail(reader, at, "type", "is missing");
    if (mount->keeps_link || mount->uids)
        oci_fail(reader, at, "options", "the source's own links and ids are for bind mounts alone");
    /* Nothing is mounted below a new file system. */
    mount->set = (mount->set & ~mount->clear_recursively) | mount->set_recursively;
}

/* What is in the others has labels of the kernel's own. */
static bool takes_label(const struct mount_spec *mount)
{
    static const char *const unlabelled[] = {"proc", "sysfs", "mqueue", "cgroup", "cgroup2"};

    return mount->kind == MOUNT_FILESYSTEM && !mount->remounts && mount->type &&
           !is_one_of(mount->type, unlabelled, ARRAY_LENGTH(unlabelled));
}

static void read_mount(struct oci_reader *reader, struct oci_at at, struct oci_config *config,
                       struct mount_spec *mount)
{
    const char *target = oci_text(reader, at, "destination");

    *mount = (struct mount_spec){.kind = MOUNT_FILESYSTEM};
    mount->target = path_join(reader->arena, "/", target);
    (void)oci_string(reader, at, "type", &mount->type);
    (void)oci_string(reader, at, "source", &mount->source);
    mount->recursive = string_eq(mount->type, "rbind");
    if (mount->recursive || string_eq(mount->type, "bind"))
        mount->kind = MOUNT_BIND;
    if (oci_array(reader, at, "uidMappings").json) {
        struct id_ranges *ranges = arena_new_array(reader->arena, struct id_ranges, 2);

        oci_ids_read(reader, at, "uidMappings", &ranges[0]);
        oci_ids_read(reader, at, "gidMappings", &ranges[1]);
        mount->uids = &ranges[0];
        mount->gids = &ranges[1];
    }
    read_options(reader, at, &config->bundle, mount);
    if (mount->kind == MOUNT_BIND && !mount->remounts) {
        if (!mount->source || !*mount->source)
            oci_fail(reader, at, "source", "is missing");
        else
            mount->source = path_join(reader->arena, config->bundle.dir, mount->source);
    }
    if (takes_label(mount))
        mount->context = config->mount_label;
    if (!reader->failed)
        check_mount(reader, at, mount);
}

void oci_mounts_read(struct oci_reader *reader, struct oci_at root, struct oci_config *config)
{
    struct oci_at list = oci_array(reader, root, "mounts");
    size_t count = oci_length(list);
    struct mount_spec *mounts;

    if (count > MAX_MOUNTS) {
        oci_fail(reader, root, "mounts", "more than %d", MAX_MOUNTS);
        return;
    }
    mounts = arena_new_array(reader->arena, struct mount_spec, count + 1);
    for (size_t i = 0; i < count && !reader->failed; i++)
        read_mount(reader, oci_item(reader, list, i), config, &mounts[i]);
    config->container.mounts = mounts;
    config->container.n_mounts = count;
}

json_t *oci_mount_options(void)
{
    static const char *const manners[] = {"bind",         "rbind",         "tmpcopyup",
                                          "src-nofollow", "dest-nofollow", "copy-symlink",
                                          "idmap",        "ridmap",        "remount"};
    json_t *list = json_array();

    for (size_t i = 0; i < ARRAY_LENGTH(attributes); i++) {
        (void)json_array_append_new(list, json_string(attributes[i].name));
        (void)json_array_append_new(list, json_sprintf("r%s", attributes[i].name));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(propagations); i++)
        (void)json_array_append_new(list, json_string(propagations[i].name));
    for (size_t i = 0; i < ARRAY_LENGTH(without_effect); i++)
        (void)json_array_append_new(list, json_string(without_effect[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(passed_on); i++)
        (void)json_array_append_new(list, json_string(passed_on[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(manners); i++)
        (void)json_array_append_new(list, json_string(manners[i]));
    return list;
}
