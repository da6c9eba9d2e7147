/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/file_mode.h"

#include <string.h>

enum { PERMISSIONS = 07777, MOST_DIGITS = 5 };

/* One change of one clause: whose bits, what happens to them, and which. */
struct mode_change {
    mode_t who;
    char sign;
    mode_t bits;
};

static bool apply_number(const char *text, mode_t *ret_mode)
{
    mode_t mode = 0;

    if (strlen(text) > MOST_DIGITS || strspn(text, "01234567") != strlen(text))
        return false;
    for (; *text; text++)
        mode = mode * 8 + (mode_t)(*text - '0');
    *ret_mode = mode;
    return mode <= PERMISSIONS;
}

static mode_t mask_of(char who)
{
    switch (who) {
    case 'u':
        return S_IRWXU | S_ISUID;
    case 'g':
        return S_IRWXG | S_ISGID;
    case 'o':
        return S_IRWXO | S_ISVTX;
    default:
        return PERMISSIONS;
    }
}

/* What one class has, for all three. */
static mode_t copied(mode_t now, char who)
{
    mode_t bits = who == 'u' ? now >> 6 : who == 'g' ? now >> 3 : now;

    bits &= S_IRWXO;
    return bits << 6 | bits << 3 | bits;
}

/* What a letter stands for, of everybody. `old` decides about X. */
static mode_t bits_of(char letter, mode_t old, mode_t now)
{
    mode_t execute = S_IXUSR | S_IXGRP | S_IXOTH;

    switch (letter) {
    case 'r':
        return S_IRUSR | S_IRGRP | S_IROTH;
    case 'w':
        return S_IWUSR | S_IWGRP | S_IWOTH;
    case 'x':
        return execute;
    case 'X':
        return S_ISDIR(old) || (old & execute) ? execute : 0;
    case 's':
        return S_ISUID | S_ISGID;
    case 't':
        return S_ISVTX;
    default:
        return copied(now, letter);
    }
}

static mode_t changed(mode_t now, const struct mode_change *change)
{
    mode_t bits = change->bits & change->who;

    if (change->sign == '+')
        return now | bits;
    if (change->sign == '-')
        return now & ~bits;
    return (now & ~change->who) | bits;
}

/* "go-w+x": whom, and then at least one change. Returns what is behind it, or NULL. */
static const char *apply_clause(const char *text, mode_t old, mode_t *mode)
{
    struct mode_change change = {0};
    size_t n_changes = 0;

    for (; *text && strchr("ugoa", *text); text++)
        change.who |= mask_of(*text);
    if (change.who == 0)
        change.who = PERMISSIONS;
    for (; *text && strchr("+-=", *text); n_changes++) {
        change.sign = *text++;
        change.bits = 0;
        for (; *text && strchr("rwxXstugo", *text); text++)
            change.bits |= bits_of(*text, old, *mode);
        *mode = changed(*mode, &change);
    }
    return n_changes > 0 && (*text == ',' || !*text) ? text : NULL;
}

bool file_mode_apply(const char *text, mode_t old, mode_t *ret_mode)
{
    mode_t mode = old & PERMISSIONS;

    if (*text >= '0' && *text <= '9')
        return apply_number(text, ret_mode);
    for (;;) {
        text = apply_clause(text, old, &mode);
        if (!text)
            return false;
        if (!*text)
            break;
        text++;
    }
    *ret_mode = mode;
    return true;
}
