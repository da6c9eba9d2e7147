/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/credential_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"
#include "runtime/image/registry/plain_words.h"
#include "runtime/image/registry/registry_limits.h"
#include "runtime/image/registry/secret.h"

extern char **environ;

struct helper {
    pid_t pid;
    int stdin_fd, stdout_fd;
};

void credential_done(struct credential *credential)
{
    secret_free(credential->username);
    secret_free(credential->secret);
    *credential = (struct credential){0};
}

bool credential_helper_name_is_valid(const char *name)
{
    size_t length =
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    return length > 0 && length <= 100 && name[length] == '\0';
}

/* Signals are as in a fresh program, whatever our threads block or ignore. */
static int helper_spawn(const char *program, int stdin_fd, int stdout_fd, pid_t *ret_pid)
{
    char action[] = "get";
    char name[128];
    char *const argv[] = {name, action, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, pipe_signal;
    int number;

    (void)snprintf(name, sizeof(name), "%s", program);
    (void)sigemptyset(&none);
    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_adddup2(&files, stdin_fd, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&files, stdout_fd, STDOUT_FILENO);
    number = posix_spawnp(ret_pid, program, &files, &attributes, argv, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    return number;
}

static int helper_start(const char *program, struct helper *ret_helper, struct error *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    int number = 0;

    /* The socket's send() can do without SIGPIPE when the helper does not read. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0 || pipe2(out, O_CLOEXEC) < 0)
        number = errno;
    if (number == 0)
        number = helper_spawn(program, in[0], out[1], &ret_helper->pid);
    fd_close(in[0]);
    fd_close(out[1]);
    if (number != 0) {
        fd_close(in[1]);
        fd_close(out[0]);
        errno = number;
        return error_sys(err, "run '%s'", program);
    }
    ret_helper->stdin_fd = in[1];
    ret_helper->stdout_fd = out[0];
    return 0;
}

/* Reads up to the end of file; false when it says too much or takes too long. */
static bool helper_read(const struct helper *helper, struct text *out)
{
    uint64_t end_ms = clock_monotonic_ms() + LIMIT_CREDENTIAL_HELPER_MS;
    struct pollfd poller = {.fd = helper->stdout_fd, .events = POLLIN};
    char *place =
        text_reserve(out, LIMIT_CREDENTIAL_BYTES); /* at once: no copies are left behind */
    uint64_t now_ms;
    ssize_t n;

    while ((now_ms = clock_monotonic_ms()) < end_ms && out->length < LIMIT_CREDENTIAL_BYTES) {
        if (poll(&poller, 1, (int)(end_ms - now_ms)) <= 0)
            continue;
        n = read(helper->stdout_fd, place + out->length, LIMIT_CREDENTIAL_BYTES - out->length);
        if (n == 0) {
            place[out->length] = '\0';
            return true;
        }
        if (n < 0 && errno != EINTR)
            return false;
        out->length += n > 0 ? (size_t)n : 0;
    }
    return false;
}

/* Whether it ended well. */
static bool helper_wait(const struct helper *helper)
{
    int status = 0;
    pid_t pid;

    do
        pid = waitpid(helper->pid, &status, 0);
    while (pid < 0 && errno == EINTR);
    return pid == helper->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Has a conversation of one question and one answer. */
static int helper_ask(const char *program, const char *registry, struct text *answer,
                      bool *ret_success, struct error *err)
{
    struct helper helper;
    bool complete;

    if (helper_start(program, &helper, err) < 0)
        return -1;
    /* A helper that does not want to know has its own reasons: its answer decides. */
    (void)!send(helper.stdin_fd, registry, strlen(registry), MSG_NOSIGNAL);
    fd_close(helper.stdin_fd);
    complete = helper_read(&helper, answer);
    fd_close(helper.stdout_fd);
    if (!complete)
        (void)kill(helper.pid, SIGKILL); /* ours until it is waited for */
    *ret_success = helper_wait(&helper);
    if (!complete)
        return error_set(err, "'%s' says more than %d bytes or takes more than %d s", program,
                         LIMIT_CREDENTIAL_BYTES, LIMIT_CREDENTIAL_HELPER_MS / 1000);
    return 0;
}

static int credential_from_answer(const char *program, const struct text *answer,
                                  struct credential *ret_credential, bool *ret_found,
                                  struct error *err)
{
    scoped(secret_json_free) json_t *json = json_parse(answer->data, answer->length, NULL);
    const char *username = json_get_string(json, "Username", NULL);
    const char *secret = json_get_string(json, "Secret", NULL);

    if (!username || !secret)
        return error_set(err, "'%s' answers without Username and Secret", program);
    *ret_found = secret[0] != '\0';
    if (!*ret_found)
        return 0;
    ret_credential->is_identity_token = string_eq(username, "<token>");
    ret_credential->username = ret_credential->is_identity_token ? NULL : secret_copy(username);
    ret_credential->secret = secret_copy(secret);
    return 0;
}

int credential_helper_get(const char *name, const char *registry, struct credential *ret_credential,
                          bool *ret_found, struct error *err)
{
    scoped_secret_text struct text answer = {0};
    char program[128], words[200];
    bool success;

    *ret_found = false;
    if (!credential_helper_name_is_valid(name))
        return error_set(err, "ask credential helper '%.100s': malformed name", name);
    (void)snprintf(program, sizeof(program), "docker-credential-%s", name);
    if (helper_ask(program, registry, &answer, &success, err) < 0)
        return error_wrap(err, "ask the credential helper");
    if (success)
        return credential_from_answer(program, &answer, ret_credential, ret_found, err);
    if (strstr(text_get(&answer), "credentials not found"))
        return 0;
    plain_words(text_get(&answer), answer.length, words, sizeof(words));
    return error_set(err, "ask the credential helper: '%s' fails: %s", program,
                     words[0] ? words : "it says nothing");
}
