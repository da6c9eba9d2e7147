#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sees that the image which the shop's Dockerfiles begin on, debian:bookworm-slim, is in yawl's store:
#
#     base.sh YAWL
#
# It comes from the public registry. Where that cannot be reached, an image of the same name is put together from
# Debian's packages with mmdebstrap (tools/install.sh example), as root: its apt asks the mirrors, and goes through
# the proxies, that apt uses on this machine. It is kept in images/ and made again when one of these has changed.
# shellcheck disable=SC1091,SC2016  # os-release is not ours; formats keep their dollars
set -eu

yawl=$1
name=debian:bookworm-slim
registry=https://registry-1.docker.io/v2/
out=$(cd "$(dirname "$0")" && pwd)/images
archive=$out/debian-bookworm-slim.tar
certificates=/etc/ssl/certs/ca-certificates.crt

say() {
    printf 'base.sh: %s\n' "$*"
}

# One line a source. A machine with another system than bookworm has none that fit.
sources() {
    if [ "$(. /etc/os-release && echo "$ID $VERSION_CODENAME")" = "debian bookworm" ]; then
        apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
            LC_ALL=C sort -u
    else
        printf 'deb http://deb.debian.org/debian%s main\n' ' bookworm' ' bookworm-updates' '-security bookworm-security'
    fi
}

# What this machine tells apt about proxies and clocks.
apt_options() {
    printf '%s\n' 'Acquire::Retries "5";'
    apt-config dump --format '%F "%v";%n' |
        grep -E '^Acquire::(https?::Proxy|Check-(Valid-Until|Date)) ' || true
}

# The options and hooks that mmdebstrap needs besides, one a line. An image without certificates cannot ask a mirror
# by https: then it trusts what this machine trusts.
certificate_options() {
    grep -q '^deb https:' "$out/sources.list" || return 0
    printf '%s\n' --include=ca-certificates "--customize-hook=upload $certificates $certificates"
}

make_archive() {
    mkdir -p "$out"
    sources >"$out/sources.list"
    apt_options >"$out/apt.conf"
    [ -s "$out/sources.list" ] || { say "apt has no sources of Debian here; run apt-get update" >&2; exit 1; }
    key=$(cat "$0" "$out/sources.list" "$out/apt.conf" | sha256sum)
    [ -e "$archive" ] && [ "$(cat "$archive.key" 2>/dev/null)" = "$key" ] && return 0

    # Slim is what the official image of this name leaves out, too.
    certificate_options | xargs -d '\n' mmdebstrap --quiet --mode=root --variant=minbase \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg --aptopt="$out/apt.conf" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        bookworm "$archive.new.tar" "$out/sources.list"
    mv "$archive.new.tar" "$archive"
    printf '%s\n' "$key" >"$archive.key"
}

if "$yawl" image inspect "$name" >/dev/null 2>&1; then
    say "$name is in the store"
elif curl --silent --output /dev/null --max-time 20 "$registry" && "$yawl" image pull --quiet "$name"; then
    say "$name was pulled"
else
    say "the public registry does not give out $name here: putting an image of this name together from Debian's packages"
    make_archive
    "$yawl" image import --change 'CMD ["bash"]' \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$archive" "$name"
fi
