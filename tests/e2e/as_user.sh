#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# as_user.sh FILE.bats... - as root: runs the files' tests with the program as an ordinary user, who is made for
# that and removed afterwards. Useradd gives him subordinate ids.
set -eu
user=yawl-e2e-$$
useradd --create-home "$user"
trap 'userdel --remove "$user" 2>/dev/null' EXIT
status=0
YAWL_E2E_USER=$user bats --tap "$@" || status=$?
exit "$status"
