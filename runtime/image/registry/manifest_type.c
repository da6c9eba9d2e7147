/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/manifest_type.h"

#include <ctype.h>
#include <string.h>

#include "common/json.h"
#include "runtime/image/registry/plain_words.h"

#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

const char manifest_type_accept[] =
    "Accept: " OCI_INDEX ", " OCI_MANIFEST ", " DOCKER_INDEX ", " DOCKER_MANIFEST;

static const char *const known_types[] = {OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST};

static const char *known_type(const char *type)
{
    for (size_t i = 0; i < ARRAY_LENGTH(known_types); i++)
        if (string_eq(known_types[i], type))
            return known_types[i];
    return NULL;
}

const char *manifest_type_plain(const char *content_type, struct arena *arena)
{
    const char *text = content_type ? content_type : "";
    char *plain = arena_strndup(arena, text, strcspn(text, "; \t"));

    for (char *c = plain; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return plain;
}

int manifest_type_of(const char *bytes, size_t length, const char *content_type,
                     struct arena *arena, const char **ret_type, struct error *err)
{
    scoped(json_release) json_t *document = json_parse(bytes, length, err);
    const char *said = known_type(manifest_type_plain(content_type, arena));
    const char *own = json_get_string(document, "mediaType", NULL);
    char words[100];

    if (!document)
        return error_wrap(err, "read manifest");
    if (json_get_int(document, "schemaVersion", 0) == 1)
        return error_set(err,
                         "manifest of docker's schema 1, which is not supported: push the image "
                         "again with a newer docker");
    if (own && known_type(own) && (!said || string_eq(said, own))) {
        *ret_type = known_type(own);
        return 0;
    }
    if (said && !own) {
        *ret_type = said;
        return 0;
    }
    own = own ? own : content_type ? content_type : "nothing";
    plain_words(own, strlen(own), words, sizeof(words));
    if (said)
        return error_set(err, "manifest that calls itself '%s' and is sent as '%s'", words, said);
    return error_set(err, "'%s' where an image belongs", words);
}
