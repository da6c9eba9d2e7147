/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/failure.h"

#include <errno.h>
#include <string.h>

#include "common/text.h"

void failure_add(struct failure *failure, const char *more)
{
    size_t length = strnlen(failure->text, sizeof(failure->text) - 1);
    size_t room = sizeof(failure->text) - 1 - length;
    size_t more_length = strnlen(more, room);

    memcpy(failure->text + length, more, more_length);
    failure->text[length + more_length] = '\0';
}

void failure_add_number(struct failure *failure, unsigned long long number)
{
    char text[STRING_U64_SIZE];

    string_from_u64(number, text);
    failure_add(failure, text);
}

static void failure_begin(struct failure *failure, const char *verb, const char *name)
{
    failure->text[0] = '\0';
    failure->exit_code = EXIT_CODE_OURS;
    failure_add(failure, verb);
    if (name) {
        failure_add(failure, " '");
        failure_add(failure, name);
        failure_add(failure, "'");
    }
}

int failure_sys(struct failure *failure, const char *verb, const char *name)
{
    failure->number = errno;
    failure_begin(failure, verb, name);
    return -1;
}

int failure_set(struct failure *failure, const char *verb, const char *name, const char *reason)
{
    failure->number = 0;
    failure_begin(failure, verb, name);
    failure_add(failure, ": ");
    failure_add(failure, reason);
    return -1;
}

int failure_to_error(const struct failure *failure, struct error *err)
{
    int length = (int)strnlen(failure->text, sizeof(failure->text));

    errno = failure->number;
    if (failure->number)
        return error_sys(err, "%.*s", length, failure->text);
    return error_set(err, "%.*s", length, failure->text);
}
