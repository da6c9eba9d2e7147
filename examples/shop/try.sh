#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a fresh machine to the running shop: installs what is needed, builds yawl, builds the shop's images from their
# Dockerfiles and brings the shop up, and shows its rows as a browser would get them. As root, on Debian 12,
# Ubuntu 24.04 or newer.
#
# SHOP_PORT says where it is published (8080). Run again, it uses what is there.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build
yawl=$build/orchestrator/cli/yawl
url=http://127.0.0.1:${SHOP_PORT:-8080}

say() {
    printf '\n== %s\n' "$*"
}

say "Installing what is needed"
sh "$root/tools/install.sh" build example

say "Building yawl"
[ -e "$build/build.ninja" ] || meson setup "$build" "$root" --buildtype=release -Dtests=disabled
ninja -C "$build"

say "Looking for the base image"
sh "$here/base.sh" "$yawl"

say "Building and starting the shop"
cd "$here"
# The page's packages come from the registry that npm uses on this machine.
if [ -z "${NPM_CONFIG_REGISTRY-}" ] && command -v npm >/dev/null; then
    NPM_CONFIG_REGISTRY=$(npm config get registry)
    export NPM_CONFIG_REGISTRY
fi
"$yawl" up --build --detach --wait
"$yawl" ps --all

say "What the page at $url shows"
curl --silent --show-error --fail --noproxy '*' --retry 10 --retry-connrefused "$url/" | grep '<title>'
curl --silent --show-error --fail --noproxy '*' "$url/api/products" | python3 -c '
import json, sys
shop = json.load(sys.stdin)
print("PostgreSQL {version} at {address}, running since {started_at}".format(**shop["server"]))
for product in shop["products"]:
    print("{id:>4}  {name:<20} {price:>10}  {added_at}".format(**product))
'

cat <<END

The shop runs: $url
    $yawl logs -f      what its services say      (all in $here)
    $yawl down         ends it; its products are kept in the volume db-data
    $yawl down -v      ends it and deletes them
END
