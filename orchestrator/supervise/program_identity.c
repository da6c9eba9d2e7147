/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/program_identity.h"

#include <stdint.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/text.h"

enum { IDENTITY_MAX_BYTES = 200 };

/* "" when it cannot be told. */
static void identity_text(struct text *out)
{
    struct stat status;

    if (stat("/proc/self/exe", &status) == 0)
        text_appendf(out, "%ju:%ju %ju %jd.%09ld\n", (uintmax_t)status.st_dev,
                     (uintmax_t)status.st_ino, (uintmax_t)status.st_size,
                     (intmax_t)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

int program_identity_write(int run_fd, struct error *err)
{
    scoped_text struct text text = {0};

    identity_text(&text);
    return file_replace(run_fd, "program", text_get(&text), text.length, 0600, err);
}

bool program_identity_is_ours(int run_fd)
{
    scoped_text struct text ours = {0}, theirs = {0};

    identity_text(&ours);
    return file_read(run_fd, "program", IDENTITY_MAX_BYTES, &theirs, NULL, NULL) == 0 &&
           string_eq(text_get(&ours), text_get(&theirs));
}
