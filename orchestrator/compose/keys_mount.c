/* SPDX-License-Identifier: Apache-2.0 */
/* Ports, mounts, grants and devices of a service. */
#include "orchestrator/compose/keys.h"

#include "orchestrator/compose/canonical.h"
#include "orchestrator/compose/decode.h"
#include "orchestrator/compose/defaults.h"
#include "orchestrator/compose/identity.h"
#include "orchestrator/compose/paths.h"
#include "orchestrator/compose/typing.h"

static const char NO_EFFECT[] = "it has no effect on Linux";
static const char LATER[] = "it is not supported yet";

static const struct shape shape_target_port = {
    .forms = FORM_INT | FORM_STRING, .scalar = SCALAR_INT, .decode = decode_int};

static const struct shape shape_published_port = {.forms = FORM_STRING | FORM_INT,
                                                  .scalar = SCALAR_STRING};

#define PORT(member) FIELD(struct service_port, member)

static const struct key port_keys[] = {
    {"name", &shape_string, ACTED, "found in DNS as _NAME._tcp.SERVICE (SRV)", 0, PORT(name)},
    {"mode", &shape_string, ACTED, "ingress or host; both publish on this host"},
    {"host_ip", &shape_string, ACTED, "address to listen on", 0, PORT(host_ip)},
    {"target", &shape_target_port, ACTED, "port in the container", KEY_REQUIRED, PORT(target)},
    {"published", &shape_published_port, ACTED, "port or range on the host", 0, PORT(published)},
    {"protocol", &shape_string, ACTED, "tcp or udp", 0, PORT(protocol)},
    {"app_protocol", &shape_string, NOTED, "protocol spoken on it", 0, 0, NO_EFFECT},
};

static const struct shape shape_port = {
    .forms = FORM_MAP, TABLE(port_keys), .extensions = true, .defaults = default_port};

const struct shape shape_ports = {.forms = FORM_LIST,
                                  .item = &shape_port,
                                  .identity = identity_port,
                                  .canonical = canonical_ports,
                                  .decode = decode_ports};

static const char *const recursive_words[] = {"enabled", "disabled", "writable", "readonly", NULL};
static const char *const selinux_words[] = {"z", "Z", NULL};

static const struct shape shape_recursive = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .words = recursive_words};
static const struct shape shape_selinux = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .words = selinux_words};

static const struct key bind_keys[] = {
    {"selinux", &shape_selinux, NOTED, "relabel for SELinux", 0, 0, LATER},
    {"propagation", &shape_string, ACTED, "how mounts below it spread"},
    {"create_host_path", &shape_bool, ACTED, "false: the source must exist",
     KEY_KEEP | KEY_OPT_OUT},
    {"recursive", &shape_recursive, ACTED, "what happens to mounts below it"},
};

static const struct shape shape_bind = {.forms = FORM_MAP, TABLE(bind_keys), .extensions = true};

static const struct key mount_volume_keys[] = {
    {"labels", &shape_labels, NOTED, "labels of an anonymous volume", 0, 0, LATER},
    {"nocopy", &shape_bool, ACTED, "do not fill it from the image"},
    {"subpath", &shape_string, ACTED, "directory inside the volume"},
};

static const struct shape shape_mount_volume = {
    .forms = FORM_MAP, TABLE(mount_volume_keys), .extensions = true};

static const struct shape shape_tmpfs_size = {.forms = FORM_INT | FORM_STRING,
                                              .scalar = SCALAR_BYTES,
                                              .bounded = true,
                                              .least = 0,
                                              .most = INT64_MAX};

static const struct shape shape_tmpfs_mode = {.forms = FORM_NUMBER | FORM_STRING,
                                              .scalar = SCALAR_OCTAL};

static const struct key mount_tmpfs_keys[] = {
    {"size", &shape_tmpfs_size, ACTED, "most memory it may take"},
    {"mode", &shape_tmpfs_mode, ACTED, "permissions, octal"},
};

static const struct shape shape_mount_tmpfs = {
    .forms = FORM_MAP, TABLE(mount_tmpfs_keys), .extensions = true};

static const struct key mount_image_keys[] = {
    {"subpath", &shape_string, ACTED, "directory inside the image"},
};

static const struct shape shape_mount_image = {
    .forms = FORM_MAP, TABLE(mount_image_keys), .extensions = true};

static const char *const mount_types[] = {"bind",  "volume", "tmpfs", "cluster",
                                          "npipe", "image",  NULL};

static const struct shape shape_mount_type = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .words = mount_types};

static const struct key mount_keys[] = {
    {"type", &shape_mount_type, ACTED, "bind, volume, tmpfs or image", KEY_REQUIRED},
    {"source", &shape_string, ACTED, "path on the host, volume or image"},
    {"target", &shape_string, ACTED, "path in the container", KEY_REQUIRED},
    {"read_only", &shape_bool, ACTED, "no writing through it"},
    {"consistency", &shape_string, NOTED, "consistency of the mount", 0, 0, NO_EFFECT},
    {"bind", &shape_bind, ACTED, "options of a bind mount", KEY_KEEP},
    {"volume", &shape_mount_volume, ACTED, "options of a volume", KEY_KEEP},
    {"tmpfs", &shape_mount_tmpfs, ACTED, "options of a tmpfs", KEY_KEEP},
    {"image", &shape_mount_image, ACTED, "options of an image", KEY_KEEP},
};

static const struct shape shape_mount = {.forms = FORM_MAP,
                                         TABLE(mount_keys),
                                         .extensions = true,
                                         .defaults = default_mount,
                                         .canonical = canonical_mount,
                                         .resolve = resolve_mount};

const struct shape shape_service_volumes = {.forms = FORM_LIST,
                                            .item = &shape_mount,
                                            .identity = identity_target,
                                            .decode = decode_volumes};

#define GRANT(member) FIELD(struct grant, member)

static const struct key grant_keys[] = {
    {"source", &shape_string, ACTED, "which one", 0, GRANT(source)},
    {"target", &shape_string, ACTED, "path in the container", 0, GRANT(target)},
    {"uid", &shape_string, ACTED, "owner", 0, GRANT(uid)},
    {"gid", &shape_string, ACTED, "group", 0, GRANT(gid)},
    {"mode", &shape_mode, ACTED, "permissions, octal", KEY_KEEP},
};

static const struct shape shape_grant = {
    .forms = FORM_MAP, TABLE(grant_keys), .extensions = true, .canonical = canonical_grant};

static const struct shape shape_secret_grant = {.forms = FORM_MAP,
                                                TABLE(grant_keys),
                                                .extensions = true,
                                                .canonical = canonical_grant,
                                                .defaults = default_secret_grant};

const struct shape shape_service_secrets = {.forms = FORM_LIST,
                                            .item = &shape_secret_grant,
                                            .identity = identity_secret,
                                            .decode = decode_secret_grants};

const struct shape shape_service_configs = {.forms = FORM_LIST,
                                            .item = &shape_grant,
                                            .identity = identity_config,
                                            .decode = decode_config_grants};

const struct shape shape_build_secrets = {
    .forms = FORM_LIST, .item = &shape_grant, .decode = decode_build_secrets};

static const struct key device_keys[] = {
    {"source", &shape_string, ACTED, "device on the host", KEY_REQUIRED},
    {"target", &shape_string, ACTED, "path in the container"},
    {"permissions", &shape_string, ACTED, "r, w, m; all when left out"},
};

static const struct shape shape_device = {
    .forms = FORM_MAP, TABLE(device_keys), .extensions = true, .canonical = canonical_device};

const struct shape shape_devices = {.forms = FORM_LIST,
                                    .item = &shape_device,
                                    .identity = identity_target,
                                    .decode = decode_devices};
