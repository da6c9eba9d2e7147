/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/retry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/process.h"
#include "runtime/image/registry/registry_limits.h"
#include "runtime/image/registry/registry_words.h"

enum {
    NAP_MS = 50,     /* between looks at the cancellation */
    LIMIT_CALLS = 2, /* at a host that does not answer at all */
};

void registry_notice(const struct registry_options *options, const char *registry,
                     const char *format, ...)
{
    char text[1024];
    va_list args;

    if (!options->notice)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    options->notice(options->owner, registry, text);
}

static bool retry_is_cancelled(const struct retry *retry)
{
    const atomic_bool *all = retry->options->cancelled;

    return (all && atomic_load(all)) || (retry->cancelled && atomic_load(retry->cancelled));
}

/* Of how many tries in all this is a reason for. */
static unsigned retry_limit(const struct retry *retry, const struct http_response *response)
{
    switch (response->failure) {
    case HTTP_FAILURE_CONNECT:
    case HTTP_FAILURE_TLS:
        return retry->max_tries < LIMIT_CALLS ? retry->max_tries : LIMIT_CALLS;
    case HTTP_FAILURE_BROKEN:
        return retry->max_tries;
    case HTTP_FAILURE_NONE:
        break;
    default:
        return 0;
    }
    switch (response->status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return retry->max_tries;
    default:
        return 0;
    }
}

/* 0 when the wait that the registry asks for is too long. */
static uint64_t retry_delay_ms(const struct retry *retry, const struct http_response *response)
{
    uint64_t delay_ms = (uint64_t)retry->options->retry_delay_ms << (retry->failed - 1);
    uint32_t random = 0;

    if (response->retry_after_s > 0)
        return response->retry_after_s > LIMIT_RETRY_AFTER_MS / 1000
                   ? 0
                   : (uint64_t)response->retry_after_s * 1000;
    if (delay_ms > LIMIT_RETRY_DELAY_MS)
        delay_ms = LIMIT_RETRY_DELAY_MS;
    (void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
    return delay_ms / 2 + random % (delay_ms / 2 + 1) + 1;
}

static bool retry_sleep(const struct retry *retry, uint64_t delay_ms)
{
    const struct timespec nap = {.tv_nsec = NAP_MS * 1000000};
    uint64_t end_ms = clock_monotonic_ms() + delay_ms;

    while (clock_monotonic_ms() < end_ms) {
        if (retry_is_cancelled(retry))
            return false;
        (void)nanosleep(&nap, NULL);
    }
    return !retry_is_cancelled(retry);
}

bool retry_again(struct retry *retry, const struct http_response *response, const struct error *why)
{
    unsigned limit = retry_limit(retry, response);
    char quota[REGISTRY_QUOTA_SIZE];
    struct error answer = {0};
    uint64_t delay_ms;

    retry->failed++;
    if (retry->failed >= limit || retry_is_cancelled(retry))
        return false;
    delay_ms = retry_delay_ms(retry, response);
    if (delay_ms == 0)
        return false;
    if (response->failure == HTTP_FAILURE_NONE && response->status >= 400) {
        registry_words_of_answer(response, &answer);
        why = &answer;
    }
    registry_words_of_quota(response, quota);
    registry_notice(retry->options, retry->registry, "%s%s%s; try %u of %u follows in %.1f s",
                    why->text, quota[0] ? "; " : "", quota, retry->failed + 1, limit,
                    (double)delay_ms / 1000);
    return retry_sleep(retry, delay_ms);
}
