#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the packages that a purpose needs, on Debian 12, Ubuntu 24.04 or newer, as root:
#
#     install.sh PURPOSE...
#
#     build     compilers and libraries
#     example   what examples/shop uses
#     test      what the tests use besides
#     user      what ordinary users need to run it
set -eu

# The network of a fresh machine may be slow or lose a connection.
apt() {
    try=1
    until DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=5 -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1; do
        if [ $try -ge 3 ]; then
            tail -n 20 "$log" >&2
            echo "install.sh: apt-get $1 failed" >&2
            exit 1
        fi
        try=$((try + 1))
        sleep 10
    done
}

# The words that name packages which are not installed.
missing() {
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -q -x installed || printf '%s ' "$package"
    done
}

install() {
    # shellcheck disable=SC2046  # a list of words
    set -- $(missing "$@")
    [ $# -gt 0 ] || return 0
    echo "install.sh: installing $*"
    [ -n "$updated" ] || apt update
    updated=yes
    apt install --yes --no-install-recommends "$@"
}

[ "$(id -u)" -eq 0 ] || { echo "install.sh: needs root" >&2; exit 1; }
command -v apt-get >/dev/null || { echo "install.sh: needs apt-get; see the list of packages in this file" >&2; exit 1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
updated=

for purpose in "$@"; do
    case $purpose in
        build)
            install gcc libc6-dev meson ninja-build pkg-config python3 libarchive-dev libcurl4-openssl-dev libjansson-dev \
                libnl-3-dev libnl-route-3-dev libpcre2-dev libuv1-dev libyaml-dev libzstd-dev nettle-dev
            # ISA-L is not for every architecture.
            case $(dpkg --print-architecture) in
                amd64 | arm64) install libisal-dev ;;
                *) install zlib1g-dev ;;
            esac
            ;;
        example)
            install ca-certificates curl debian-archive-keyring mmdebstrap python3
            # base.sh asks apt where the packages come from.
            # shellcheck disable=SC2016
            [ -n "$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages')" ] || apt update
            ;;
        test)
            install bats busybox-static bzip2 clang clang-format conmon crun curl docker-registry git iproute2 jq libcriterion-dev nftables openssl \
                podman procps shellcheck skopeo uidmap umoci util-linux xz-utils zstd
            install "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
            # Ubuntu's package of Chromium installs a snap, which a test machine may not run.
            # What builds are compared with is Debian's buildah; docs/builds.md lists where it differs.
            [ "$(. /etc/os-release && echo "$ID")" != debian ] || install buildah chromium
            ;;
        user)
            install uidmap
            ;;
        *)
            echo "install.sh: unknown purpose '$purpose'" >&2
            exit 1
            ;;
    esac
done
