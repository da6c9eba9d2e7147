/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A static program for images of tests: prints its real and effective user ids. (busybox gives up
 * set-id rights on its own.)
 */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    (void)printf("%u %u\n", (unsigned)getuid(), (unsigned)geteuid());
    return 0;
}
