/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile and odd archives: whatever they say, nothing outside of the layer changes. */
#include "runtime/image/worker/layer_unpack.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>

#include "tests/unit/runtime/image/worker/image_fixture.h"

#define SCHILY "SCHILY.xattr."

/* Unpacking the tar fails with a message that has `reason` in it, and the canary lives. */
static void expect_refused(struct image_fixture *fixture, const struct text *tar,
                           const char *reason)
{
    struct error err = {0};

    cr_expect_eq(layer_build(fixture, "layer", tar, &err), -1);
    cr_expect(strstr(err.text, reason) != NULL, "%s", err.text);
    cr_expect(image_fixture_canary_lives(fixture));
}

static void expect_unpacked(struct image_fixture *fixture, const struct text *tar)
{
    struct error err = {0};

    cr_expect_eq(layer_build(fixture, "layer", tar, &err), 0, "%s", err.text);
    cr_expect(image_fixture_canary_lives(fixture));
}

Test(layer_unpack, files_get_content_owner_mode_and_time)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    struct stat status;

    image_fixture_init(&fixture);
    TAR(&tar, .path = "./a", .data = "text", .size = 4, .mode = 04751, .uid = 7, .gid = 8,
        .mtime = 1234);
    expect_unpacked(&fixture, &tar);
    status = layer_stat(&fixture, "a");
    cr_expect_eq(status.st_mode, S_IFREG | 04751);
    cr_expect_eq(status.st_uid, 7);
    cr_expect_eq(status.st_gid, 8);
    cr_expect_eq(status.st_mtime, 1234);
    cr_expect(layer_holds(&fixture, "a", "text"));
}

Test(layer_unpack, directories_get_mode_and_time_after_their_content)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    struct stat status;

    image_fixture_init(&fixture);
    TAR(&tar, .path = "./", .mode = 0711, .mtime = 5);
    TAR(&tar, .path = "d/", .mode = 02500, .uid = 3, .mtime = 99);
    TAR(&tar, .path = "d/e/", .mtime = 98);
    TAR(&tar, .path = "d/e/f");
    expect_unpacked(&fixture, &tar);
    status = layer_stat(&fixture, "d");
    cr_expect_eq(status.st_mode, S_IFDIR | 02500);
    cr_expect_eq(status.st_uid, 3);
    cr_expect_eq(status.st_mtime, 99);
    cr_expect_eq(layer_stat(&fixture, "d/e").st_mtime, 98);
    cr_expect_eq(layer_stat(&fixture, "d/e/f").st_gid, 0);
    cr_expect_eq(layer_stat(&fixture, ".").st_mode, S_IFDIR | 0711);
}

Test(layer_unpack, dot_dot_in_a_name_is_refused)
{
    static const char *const names[] = {"../canary", "a/../../canary", "..", "/../canary", "a/.."};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        scoped_fixture struct image_fixture fixture = {0};
        scoped_text struct text tar = {0};

        image_fixture_init(&fixture);
        TAR(&tar, .path = names[i], .data = "evil", .size = 4);
        expect_refused(&fixture, &tar, "contains '..'");
    }
}

Test(layer_unpack, absolute_names_lie_in_the_layer)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = fixture.canary, .data = "evil", .size = 4);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, fixture.canary + 1, "evil"));
}

Test(layer_unpack, writing_through_an_absolute_link_stays_inside)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "way", .type = '2', .link = fixture.path);
    TAR(&tar, .path = "way/canary", .data = "evil", .size = 4, .mode = 0777);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, fixture.canary + 1, "evil"));
}

Test(layer_unpack, writing_through_a_link_upwards_stays_inside)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "d/way", .type = '2', .link = "../../../../../../..");
    TAR(&tar, .path = "d/way/canary", .data = "evil", .size = 4);
    TAR(&tar, .path = "d/way/d/way/tmp/x", .data = "evil", .size = 4);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, "canary", "evil"));
    cr_expect(layer_holds(&fixture, "tmp/x", "evil"));
}

Test(layer_unpack, a_file_replaces_a_link_of_its_name)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "x", .type = '2', .link = fixture.canary);
    TAR(&tar, .path = "x", .data = "evil", .size = 4, .mode = 0777);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, "x", "evil"));
    cr_expect_eq(layer_stat(&fixture, "x").st_mode, S_IFREG | 0777);
}

Test(layer_unpack, a_directory_entry_does_not_follow_a_link_of_its_name)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "x", .type = '2', .link = fixture.path);
    TAR(&tar, .path = "x/", .mode = 0777, .uid = 9);
    TAR(&tar, .path = "x/canary", .data = "evil", .size = 4);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, "x/canary", "evil"));
}

Test(layer_unpack, a_directory_that_became_a_link_gets_no_late_attributes)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    struct stat status;

    image_fixture_init(&fixture);
    TAR(&tar, .path = "x/sub/", .mode = 0777, .mtime = 7);
    TAR(&tar, .path = "x", .type = '2', .link = fixture.path);
    cr_assert_eq(mkdirat(fixture.fd, "sub", 0700), 0);
    expect_unpacked(&fixture, &tar);
    cr_assert_eq(fstatat(fixture.fd, "sub", &status, 0), 0);
    cr_expect_eq(status.st_mode, S_IFDIR | 0700);
    cr_expect_neq(status.st_mtime, 7);
}

Test(layer_unpack, an_absolute_hard_link_lies_in_the_layer)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "usr/bin/a", .data = "text", .size = 4);
    TAR(&tar, .path = "b", .type = '1', .link = "/usr/bin/a");
    TAR(&tar, .path = "c", .type = '1', .link = "./usr/bin/a");
    expect_unpacked(&fixture, &tar);
    cr_expect_eq(layer_stat(&fixture, "b").st_nlink, 3);
    cr_expect_eq(layer_stat(&fixture, "b").st_ino, layer_stat(&fixture, "usr/bin/a").st_ino);
}

Test(layer_unpack, hard_links_to_the_outside_are_refused)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "b", .type = '1', .link = "../canary");
    expect_refused(&fixture, &tar, "contains '..'");
}

Test(layer_unpack, a_hard_link_to_a_host_path_finds_nothing)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "b", .type = '1', .link = fixture.canary);
    expect_refused(&fixture, &tar, "there is no 'tmp'");
}

Test(layer_unpack, a_hard_link_through_a_link_finds_nothing_outside)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "way", .type = '2', .link = fixture.path);
    TAR(&tar, .path = "b", .type = '1', .link = "way/canary");
    expect_refused(&fixture, &tar, "entry 'b'");
}

Test(layer_unpack, a_hard_link_to_a_link_is_that_link)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "way", .type = '2', .link = fixture.canary);
    TAR(&tar, .path = "b", .type = '1', .link = "way");
    expect_unpacked(&fixture, &tar);
    cr_expect(S_ISLNK(layer_stat(&fixture, "b").st_mode));
}

Test(layer_unpack, a_hard_link_to_a_directory_is_refused)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "d/");
    TAR(&tar, .path = "b", .type = '1', .link = "d");
    expect_refused(&fixture, &tar, "is a directory");
}

Test(layer_unpack, a_hard_link_to_itself_keeps_the_file)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "a", .data = "text", .size = 4);
    TAR(&tar, .path = "a", .type = '1', .link = "/a");
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, "a", "text"));
}

Test(layer_unpack, a_hard_link_to_what_it_replaces_is_refused)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "d/a", .data = "text", .size = 4);
    TAR(&tar, .path = "d", .type = '1', .link = "d/a");
    expect_refused(&fixture, &tar, "link to 'd/a'");
}

Test(layer_unpack, a_file_is_no_parent)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "a");
    TAR(&tar, .path = "a/b");
    expect_refused(&fixture, &tar, "'a' is not a directory");
}

Test(layer_unpack, links_in_a_circle_are_refused)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "a", .type = '2', .link = "b");
    TAR(&tar, .path = "b", .type = '2', .link = "a");
    TAR(&tar, .path = "a/x");
    expect_refused(&fixture, &tar, "symbolic links");
}

Test(layer_unpack, links_that_grow_are_refused)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    char target[4000];

    image_fixture_init(&fixture);
    memset(target, '/', sizeof(target));
    memcpy(target, "a/../a", 6);
    target[sizeof(target) - 1] = '\0';
    TAR(&tar, .path = "a", .type = '2', .link = target);
    TAR(&tar, .path = "a/x");
    expect_refused(&fixture, &tar, "entry 'a/x'");
}

Test(layer_unpack, a_link_to_nowhere_leads_to_a_new_directory_inside)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "var/run", .type = '2', .link = "/run");
    TAR(&tar, .path = "var/run/x", .data = "pid", .size = 3);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, "run/x", "pid"));
    cr_expect(S_ISLNK(layer_stat(&fixture, "var/run").st_mode));
}

Test(layer_unpack, devices_and_fifos_are_made)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "null", .type = '3', .major = 1, .minor = 3, .mode = 0666, .gid = 5);
    TAR(&tar, .path = "disk", .type = '4', .major = 7, .minor = 99, .mode = 0600);
    TAR(&tar, .path = "pipe", .type = '6', .mode = 0622);
    expect_unpacked(&fixture, &tar);
    cr_expect_eq(layer_stat(&fixture, "null").st_mode, S_IFCHR | 0666);
    cr_expect_eq(layer_stat(&fixture, "null").st_gid, 5);
    cr_expect_eq(layer_stat(&fixture, "disk").st_mode, S_IFBLK | 0600);
    cr_expect_eq(layer_stat(&fixture, "pipe").st_mode, S_IFIFO | 0622);
}

Test(layer_unpack, attributes_that_steer_overlayfs_are_dropped)
{
    static const char *const hostile[] = {"trusted.overlay.opaque", "trusted.overlay.redirect",
                                          "user.overlay.opaque", "security.selinux"};
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    char key[100];

    image_fixture_init(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(hostile); i++) {
        (void)snprintf(key, sizeof(key), SCHILY "%s", hostile[i]);
        tar_put_pax(&tar, key, "y", 1);
        TAR(&tar, .path = "d/");
    }
    expect_unpacked(&fixture, &tar);
    for (size_t i = 0; i < ARRAY_LENGTH(hostile); i++)
        cr_expect_not(layer_has_xattr(&fixture, "d", hostile[i]), "%s", hostile[i]);
}

Test(layer_unpack, capabilities_and_user_attributes_are_kept)
{
    /* cap_net_raw=ep, version 2 (linux/capability.h) */
    static const char capability[20] = {1, 0, 0, 2, 0, 0x20};
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    tar_put_pax(&tar, SCHILY "security.capability", capability, sizeof(capability));
    TAR(&tar, .path = "ping", .mode = 0755, .uid = 1, .data = "elf", .size = 3);
    tar_put_pax(&tar, SCHILY "user.note", "x", 1);
    TAR(&tar, .path = "note");
    tar_put_pax(&tar, SCHILY "user.note", "x", 1);
    TAR(&tar, .path = "link", .type = '2', .link = "ping");
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_has_xattr(&fixture, "ping", "security.capability"));
    cr_expect(layer_has_xattr(&fixture, "note", "user.note"));
}

Test(layer_unpack, a_default_access_list_is_not_inherited)
{
    /* user::rwx, user:99:rwx, group::r-x, mask::rwx, other::r-x (linux/posix_acl_xattr.h) */
    static const unsigned char acl[] = {2,   0,   0,   0,   1,   0,   7,  0,   255, 255, 255,
                                        255, 2,   0,   7,   0,   99,  0,  0,   0,   4,   0,
                                        5,   0,   255, 255, 255, 255, 16, 0,   7,   0,   255,
                                        255, 255, 255, 32,  0,   5,   0,  255, 255, 255, 255};
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    tar_put_pax(&tar, SCHILY "system.posix_acl_default", acl, sizeof(acl));
    TAR(&tar, .path = "d/");
    TAR(&tar, .path = "d/f");
    TAR(&tar, .path = "d/e/");
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_has_xattr(&fixture, "d", "system.posix_acl_default"));
    cr_expect_not(layer_has_xattr(&fixture, "d/f", "system.posix_acl_access"));
    cr_expect_not(layer_has_xattr(&fixture, "d/e", "system.posix_acl_default"));
}

Test(layer_unpack, what_is_there_gives_way)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "a/b/c");
    TAR(&tar, .path = "a", .data = "file", .size = 4);
    TAR(&tar, .path = "x/", .mode = 0700, .uid = 1);
    TAR(&tar, .path = "x/kept");
    TAR(&tar, .path = "x/", .mode = 0750, .uid = 2);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, "a", "file"));
    cr_expect(layer_has(&fixture, "x/kept"));
    cr_expect_eq(layer_stat(&fixture, "x").st_mode, S_IFDIR | 0750);
    cr_expect_eq(layer_stat(&fixture, "x").st_uid, 2);
}

Test(layer_unpack, owners_out_of_bounds_are_refused)
{
    static const char *const numbers[] = {"4294967295", "4294967296", "99999999999999999999", "-1"};

    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        scoped_fixture struct image_fixture fixture = {0};
        scoped_text struct text tar = {0};
        struct error err = {0};

        image_fixture_init(&fixture);
        tar_put_pax(&tar, "uid", numbers[i], strlen(numbers[i]));
        TAR(&tar, .path = "a");
        cr_expect_eq(layer_build(&fixture, "layer", &tar, &err), -1, "%s", numbers[i]);
    }
}

Test(layer_unpack, large_owners_of_pax_and_long_names_of_gnu_work)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    char path[151] = "";

    image_fixture_init(&fixture);
    memset(path, 'n', 150);
    path[75] = '/';
    TAR(&tar, .path = path, .data = "gnu", .size = 3);
    tar_put_pax(&tar, "uid", "4294967294", 10);
    TAR(&tar, .path = "short", .data = "pax", .size = 3);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, path, "gnu"));
    cr_expect_eq(layer_stat(&fixture, "short").st_uid, 4294967294U);
}

Test(layer_unpack, names_in_utf8_come_out_as_they_are)
{
    static const char name[] = "F\xc5\x91tan\xc3\xbas\xc3\xadtv\xc3\xa1ny.crt";
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    tar_put_pax(&tar, "path", name, sizeof(name) - 1);
    TAR(&tar, .path = "short", .data = "pax", .size = 3);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, name, "pax"));
}

Test(layer_unpack, names_in_latin1_come_out_as_they_are)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "caf\xe9", .data = "x", .size = 1);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, "caf\xe9", "x"));
}

Test(layer_unpack, sparse_files_of_gnu_get_their_holes)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    unsigned char block[512] = {0};

    image_fixture_init(&fixture);
    memcpy(block, "sparse", 6);
    memcpy(block + 100,
           "0000644\0"
           "0000000\0"
           "0000000\0"
           "00000000003\0"
           "07346545000\0",
           48);
    block[156] = 'S';
    memcpy(block + 257, "ustar  ", 8);
    memcpy(block + 386,
           "00000001000\0"
           "00000000003\0",
           24);                               /* 3 bytes at 512 */
    memcpy(block + 483, "00000002000\0", 12); /* of 1024 */
    tar_put_block(&tar, block);
    tar_put_data(&tar, "mid", 3);
    expect_unpacked(&fixture, &tar);
    cr_expect_eq(layer_stat(&fixture, "sparse").st_size, 1024);
}

Test(layer_unpack, names_that_are_too_long_are_refused)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    char name[300];

    image_fixture_init(&fixture);
    memset(name, 'n', sizeof(name));
    name[256] = '\0';
    TAR(&tar, .path = name);
    expect_refused(&fixture, &tar, "longer than 255 bytes");
}

Test(layer_unpack, trees_that_are_too_deep_are_refused)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    scoped_text struct text name = {0};

    image_fixture_init(&fixture);
    for (int i = 0; i < 300; i++)
        text_append(&name, "d/");
    TAR(&tar, .path = text_get(&name));
    expect_refused(&fixture, &tar, "deeper than 256");
}

Test(layer_unpack, trees_that_links_make_too_deep_are_refused)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    scoped_text struct text name = {0};
    char at[20];

    image_fixture_init(&fixture);
    for (int i = 0; i < 60; i++)
        text_append(&name, "d/");
    TAR(&tar, .path = text_get(&name));
    TAR(&tar, .path = "l0", .type = '2', .link = text_get(&name));
    for (int i = 1; i < 8; i++) {
        scoped_text struct text link = {0};

        text_appendf(&link, "l%d/%s", i - 1, text_get(&name));
        (void)snprintf(at, sizeof(at), "l%d", i);
        TAR(&tar, .path = at, .type = '2', .link = text_get(&link));
    }
    TAR(&tar, .path = "l7/x");
    expect_refused(&fixture, &tar, "too long");
}

Test(layer_unpack, an_archive_that_breaks_off_is_an_error)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    scoped_text struct text cut = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "a", .data = text_reserve(&cut, 65536), .size = 65536);
    tar.length = 4096;
    expect_refused(&fixture, &tar, "runcated");
}

Test(layer_unpack, what_is_no_tar_is_an_error)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    for (int i = 0; i < 2000; i++)
        text_append(&tar, "this is no tar ");
    expect_refused(&fixture, &tar, "nrecognized archive format");
}
