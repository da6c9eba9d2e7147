/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container.h"

#include <criterion/criterion.h>
#include <sys/wait.h>

#include "tests/unit/runtime/container_fixture.h"

Test(container, runs_a_program_and_hands_over_its_exit_status)
{
    struct fixture *fixture = fixture_open();

    cr_expect_str_eq(fixture_run(fixture, "echo hello; exit 7"), "hello");
    cr_expect(WIFEXITED(fixture->wait_status));
    cr_expect_eq(WEXITSTATUS(fixture->wait_status), 7);
    fixture_close(fixture);
}
