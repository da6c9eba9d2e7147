/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/registry_words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "runtime/image/registry/plain_words.h"
#include "runtime/image/registry/registry_limits.h"

/* "MANIFEST_UNKNOWN" is "manifest unknown". */
static void words_of_code(const char *code, char *ret_words, size_t size)
{
    plain_words(code, strlen(code), ret_words, size);
    for (char *c = ret_words; *c; c++)
        *c = *c == '_' ? ' ' : (char)tolower((unsigned char)*c);
}

/* The first of {"errors": [{"code", "message"}]}, or a token server's {"error"} or {"details"}. */
static bool words_of_document(const json_t *document, struct error *err)
{
    const json_t *first = json_array_get(json_object_get(document, "errors"), 0);
    const char *code = json_get_string(first, "code", "");
    const char *message = json_get_string(first, "message", "");
    char code_words[80], message_words[LIMIT_REGISTRY_MESSAGE_BYTES];

    if (!first) {
        message = json_get_string(document, "error_description",
                                  json_get_string(document, "details", ""));
        code = json_get_string(document, "error", "");
    }
    words_of_code(code, code_words, sizeof(code_words));
    plain_words(message, strlen(message), message_words, sizeof(message_words));
    if (code_words[0] == '\0' && message_words[0] == '\0')
        return false;
    if (code_words[0] == '\0' || strcasecmp(code_words, message_words) == 0)
        error_set(err, "%s", message_words);
    else if (message_words[0] == '\0')
        error_set(err, "%s", code_words);
    else
        error_set(err, "%s: %s", code_words, message_words);
    return true;
}

int registry_words_of_answer(const struct http_response *response, struct error *err)
{
    scoped(json_release) json_t *document =
        json_parse(text_get(&response->body), response->body.length, NULL);
    const char *type = response->content_type ? response->content_type : "";
    char words[LIMIT_REGISTRY_MESSAGE_BYTES];

    if (words_of_document(document, err))
        return error_wrap(err, "status %d", response->status);
    plain_words(text_get(&response->body), response->body.length, words, sizeof(words));
    if (words[0] == '\0' || strncasecmp(type, "text/plain", strlen("text/plain")) != 0)
        return error_set(err, "status %d", response->status);
    return error_set(err, "status %d: %s", response->status, words);
}

/* "100;w=21600" is 100; -1 when there is none. */
static long quota_number(const char *text)
{
    if (!text || !isdigit((unsigned char)text[0]) || strspn(text, "0123456789") > 9)
        return -1;
    return strtol(text, NULL, 10);
}

void registry_words_of_quota(const struct http_response *response,
                             char ret_words[REGISTRY_QUOTA_SIZE])
{
    long limit = quota_number(response->rate_limit);
    long left = quota_number(response->rate_remaining);

    ret_words[0] = '\0';
    if (limit >= 0 && left >= 0)
        (void)snprintf(ret_words, REGISTRY_QUOTA_SIZE, "%ld of %ld pulls left", left, limit);
}

bool registry_quota_is_low(const struct http_response *response)
{
    long limit = quota_number(response->rate_limit);
    long left = quota_number(response->rate_remaining);

    return limit > 0 && left >= 0 && left * 5 <= limit;
}
