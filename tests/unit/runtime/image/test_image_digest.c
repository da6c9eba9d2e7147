/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_digest.h"

#include <criterion/criterion.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

Test(image_digest, only_whole_lower_case_sha256_is_valid)
{
    cr_expect(image_digest_is_valid("sha256:" HEX));
    cr_expect_not(image_digest_is_valid(NULL));
    cr_expect_not(image_digest_is_valid("sha256:"));
    cr_expect_not(image_digest_is_valid("sha256:" HEX "0"));
    cr_expect_not(image_digest_is_valid(
        "sha256:../../../../../../../../../../../../../../etc/passwd12345678"));
    cr_expect_not(
        image_digest_is_valid("sha256:"
                              "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"));
    cr_expect_not(image_digest_is_valid("sha512:" HEX));
    cr_expect_not(image_digest_is_valid(HEX));
}

Test(image_digest, of_bytes_is_the_known_one)
{
    char digest[IMAGE_DIGEST_SIZE];

    image_digest_of_bytes("abc", 3, digest);
    cr_expect_str_eq(digest,
                     "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
