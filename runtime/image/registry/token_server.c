/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/token_server.h"

#include <ctype.h>
#include <string.h>

#include "common/base64.h"
#include "runtime/image/registry/redirect.h"
#include "runtime/image/registry/registry_limits.h"
#include "runtime/image/registry/registry_words.h"
#include "runtime/image/registry/retry.h"
#include "runtime/image/registry/secret.h"

enum {
    TOKEN_LIFETIME_S = 60, /* at least, and when nothing is said (docker's specification) */
    TOKEN_LIFETIME_MAX_S = 24 * 3600,
    TOKEN_MARGIN_MS = 5000, /* on its way it grows older */
};

void token_done(struct token *token)
{
    secret_free(token->text);
    *token = (struct token){0};
}

char *basic_authorization(const struct credential *credential)
{
    const char *username = credential->username ? credential->username : "";
    scoped_secret_text struct text plain = {0};
    struct text header = {0};

    (void)text_reserve(&plain, strlen(username) + strlen(credential->secret) + 2);
    text_appendf(&plain, "%s:%s", username, credential->secret);
    (void)text_reserve(&header, plain.length * 2 + 16);
    text_append(&header, "Basic ");
    base64_append(&header, plain.data, plain.length);
    return text_steal(&header);
}

/* Questions ---------------------------------------------------------------------------------------
 */

static const char *address_of_get(const struct token_question *question, struct arena *arena)
{
    const struct credential *credential = question->credential;
    const char *url = question->realm.text;
    char *scopes = arena_strdup(arena, question->scopes);
    char *scope, *rest = scopes;

    if (question->service)
        url = http_url_add_query(url, "service", question->service, arena);
    while ((scope = strsep(&rest, " ")))
        if (scope[0] != '\0')
            url = http_url_add_query(url, "scope", scope, arena);
    if (credential && credential->username)
        url = http_url_add_query(url, "account", credential->username, arena);
    return url;
}

static void form_add(struct text *form, const char *name, const char *value)
{
    text_appendf(form, "%s%s=", form->length > 0 ? "&" : "", name);
    http_url_escape(value, form);
}

static void form_of_post(const struct token_question *question, struct text *form)
{
    const struct credential *credential = question->credential;

    /* Room for all at once: no copy is left behind unwiped. */
    (void)text_reserve(form, 3 * (strlen(credential->secret) + strlen(question->scopes)) + 4096);
    form_add(form, "client_id", "yawl");
    if (question->service)
        form_add(form, "service", question->service);
    form_add(form, "scope", question->scopes);
    form_add(form, "grant_type", credential->is_identity_token ? "refresh_token" : "password");
    if (!credential->is_identity_token)
        form_add(form, "username", credential->username);
    form_add(form, credential->is_identity_token ? "refresh_token" : "password",
             credential->secret);
}

static int perform_get(const struct token_question *question, struct http_response *response,
                       struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(secret_free) char *authorization =
        question->credential ? basic_authorization(question->credential) : NULL;
    struct http_request request = {.method = HTTP_GET,
                                   .authorization = authorization,
                                   .limit_bytes = LIMIT_TOKEN_DOCUMENT_BYTES,
                                   .timeout_ms = LIMIT_DOCUMENT_MS,
                                   .cancelled = question->cancelled};
    struct http_url url;

    if (http_url_parse(address_of_get(question, arena), NULL, arena, &url, err) < 0)
        return -1;
    return redirect_perform(question->http, question->sites, &request, &url, response, err);
}

static int perform_post(const struct token_question *question, struct http_response *response,
                        struct error *err)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    scoped_secret_text struct text form = {0};
    struct http_request request = {.method = HTTP_POST,
                                   .headers = headers,
                                   .limit_bytes = LIMIT_TOKEN_DOCUMENT_BYTES,
                                   .timeout_ms = LIMIT_DOCUMENT_MS,
                                   .cancelled = question->cancelled};

    form_of_post(question, &form);
    request.body.bytes = form.data;
    request.body.length = (int64_t)form.length;
    return redirect_perform(question->http, question->sites, &request, &question->realm, response,
                            err);
}

/* An identity token is known to POST only; a password is, where GET is not. */
static int perform_either(const struct token_question *question, struct http_response *response,
                          struct error *err)
{
    const struct credential *credential = question->credential;

    if (credential && credential->is_identity_token)
        return perform_post(question, response, err);
    if (perform_get(question, response, err) < 0)
        return -1;
    if (!credential || !credential->username ||
        (response->status != 404 && response->status != 405))
        return 0;
    http_response_done(response);
    return perform_post(question, response, err);
}

/* Answers -----------------------------------------------------------------------------------------
 */

static bool token_fits_header(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length > LIMIT_TOKEN_BYTES)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isgraph((unsigned char)text[i]))
            return false;
    return true;
}

static int token_from_document(const struct http_response *response, struct token *ret_token,
                               struct error *err)
{
    scoped(secret_json_free) json_t *document =
        json_parse(text_get(&response->body), response->body.length, NULL);
    const char *text = json_get_string(document, "token", NULL);
    int64_t lifetime_s = json_get_int(document, "expires_in", TOKEN_LIFETIME_S);

    if (!text || text[0] == '\0')
        text = json_get_string(document, "access_token", NULL);
    if (!text)
        return error_set(err, "it answers without a token");
    if (!token_fits_header(text))
        return error_set(err, "its token is empty, larger than %d bytes or not printable",
                         LIMIT_TOKEN_BYTES);
    if (lifetime_s < TOKEN_LIFETIME_S)
        lifetime_s = TOKEN_LIFETIME_S;
    if (lifetime_s > TOKEN_LIFETIME_MAX_S)
        lifetime_s = TOKEN_LIFETIME_MAX_S;
    ret_token->text = secret_copy(text);
    ret_token->lifetime_ms = (uint64_t)lifetime_s * 1000 - TOKEN_MARGIN_MS;
    return 0;
}

static void response_wipe(struct http_response *response)
{
    secret_text_done(&response->body);
    http_response_done(response);
}

/* Until there is an answer that stays. */
static int perform_patiently(const struct token_question *question, struct http_response *response,
                             struct error *err)
{
    struct retry retry = {.options = question->options,
                          .registry = question->registry,
                          .cancelled = question->cancelled,
                          .max_tries = LIMIT_TRIES};
    struct error problem = {0};
    int result;

    for (;;) {
        result = perform_either(question, response, &problem);
        if (!retry_again(&retry, response, &problem))
            break;
        response_wipe(response);
    }
    if (result < 0 && err)
        *err = problem;
    return result;
}

int token_server_ask(const struct token_question *question, struct token *ret_token,
                     struct error *err)
{
    struct http_response response = {0};
    int result = perform_patiently(question, &response, err);

    if (result == 0 && response.status == 200)
        result = token_from_document(&response, ret_token, err);
    else if (result == 0)
        result = registry_words_of_answer(&response, err);
    response_wipe(&response);
    return result < 0 ? error_wrap(err, "ask token server '%s'", question->realm.authority) : 0;
}
