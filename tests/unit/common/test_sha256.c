/* SPDX-License-Identifier: Apache-2.0 */
#include "common/sha256.h"

#include <criterion/criterion.h>
#include <string.h>

/* FIPS 180-4's examples. */
Test(sha256, known_messages_have_known_digests)
{
    static const char *const cases[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char hex[SHA256_HEX_SIZE];

    for (size_t i = 0; i < 3; i++) {
        sha256_hex(cases[i][0], strlen(cases[i][0]), hex);
        cr_expect_str_eq(hex, cases[i][1], "'%s'", cases[i][0]);
    }
}

Test(sha256, pieces_make_the_digest_of_the_whole)
{
    static char bytes[1000];
    char whole[SHA256_HEX_SIZE], pieces[SHA256_HEX_SIZE];
    struct sha256 *hash = sha256_new();

    memset(bytes, 'y', sizeof(bytes));
    sha256_hex(bytes, sizeof(bytes), whole);
    for (size_t at = 0, step = 1; at < sizeof(bytes); at += step, step = step * 2 % 127 + 1)
        sha256_update(hash, bytes + at, step < sizeof(bytes) - at ? step : sizeof(bytes) - at);
    sha256_finish(hash, pieces);
    cr_expect_str_eq(pieces, whole);
}
