/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is to tell about the images of the store, as JSON: for `list` and for `inspect`.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_IMAGE_REPORT_H
#define YAWL_RUNTIME_IMAGE_WORKER_IMAGE_REPORT_H

#include "common/json.h"
#include "runtime/image/image_catalog.h"
#include "runtime/image/image_store.h"

/* One record: "reference", "id", "digest" (of the manifest), "platform", "created", "size" (of the
 * unpacked files), "pulled_at". The caller owns the result; NULL on failure. */
json_t *image_report_record(struct image_store *store, const struct image_record *record,
                            struct error *err);

/* An image with the fields of `docker image inspect`. The caller owns the result; NULL on failure,
 * also when there is no such image. */
json_t *image_report_inspect(struct image_store *store, const char *reference, struct error *err);

#endif
