#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts the shop's images together from this distribution's own packages and from npm, as OCI archives:
#
#     images.sh [FOLDER]      default: the folder images/ beside this script
#
# Needs root, mmdebstrap, python3, node and npm (tools/install.sh example). Package sources are the ones apt
# uses on this machine. What is there already is made again only when something it is made from has changed.
# shellcheck disable=SC1091,SC2016,SC2153  # os-release is not ours; hooks and formats keep their dollars
set -eu

here=$(cd "$(dirname "$0")" && pwd)
self=$here/images.sh
tool=$here/../../tools/oci_image.py
out=${1:-$here/images}
work=$out/work
mkdir -p "$work"

# A lock, so that two runs do not write the same files.
exec 9>"$out/.lock"
flock 9

. /etc/os-release
suite=$VERSION_CODENAME
# At most one day old: two runs of the same day give the same bytes.
SOURCE_DATE_EPOCH=$(date -u -d 00:00 +%s)
export SOURCE_DATE_EPOCH

say() {
    printf 'images.sh: %s\n' "$*"
}

# fresh FILE INPUT...: true when FILE was made from the same inputs (absolute paths, or words).
fresh() {
    file=$1
    shift
    key=$(for input in "$@"; do
        case $input in
            /*)
                find "$input" -name node_modules -prune -o -name dist -prune -o -type f -print | LC_ALL=C sort |
                    xargs -d '\n' sha256sum | sed "s, $here/,,"
                ;;
            *) printf '%s\n' "$input" ;;
        esac
    done | sha256sum)
    [ -e "$file" ] && [ "$(cat "$file.key" 2>/dev/null)" = "$key" ] && return 0
    rm -f "$file.key"
    return 1
}

# The key is written last: a run that was cut off starts again at that file.
made() {
    printf '%s\n' "$key" >"$1.key"
}

# The distribution's own sources as apt sees them here; nothing of third parties gets into an image.
sources() {
    case $ID in
        debian) origin=Debian ;;
        ubuntu) origin=Ubuntu ;;
        *) say "needs Debian or Ubuntu, this is $ID" >&2; exit 1 ;;
    esac
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' "Origin: $origin" |
        LC_ALL=C sort -u
}

# What this machine tells apt about proxies and clocks, as mmdebstrap wants it.
apt_options() {
    printf '%s\n' 'Acquire::Retries "5";'
    apt-config dump --format '%F "%v";%n' |
        grep -E '^Acquire::(https?::Proxy|Check-(Valid-Until|Date)) ' || true
}

# tree NAME PACKAGES BEFORE AFTER: a root file system with these packages, as $work/NAME.tar. BEFORE and AFTER
# are shell text (without single quotes) that runs inside it, before and after the packages are installed.
tree() {
    target=$work/$1.tar packages=$2 before=$3 after=$4
    if fresh "$target" "suite $suite" "packages $packages" "before $before" "after $after" "recipe $recipe"; then
        return
    fi
    say "installing for $1: $packages"
    sources >"$work/sources.list"
    [ -s "$work/sources.list" ] || { say "apt has no sources of $NAME here; run apt-get update" >&2; exit 1; }
    apt_options >"$work/apt.conf"
    # Manuals would be two thirds of some packages. LLVM is PostgreSQL's query compiler, which it can do without.
    mmdebstrap --quiet --mode=root --variant=essential --include="$packages" --aptopt="$work/apt.conf" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/lib/*/libLLVM*' --dpkgopt='path-exclude=/usr/lib/postgresql/*/lib/llvmjit*' \
        --dpkgopt='path-exclude=/usr/lib/postgresql/*/lib/bitcode/*' \
        --essential-hook='chroot "$1" /bin/sh -euc '"'$before'" \
        --customize-hook='chroot "$1" /bin/sh -euc '"'$after'" \
        "$suite" "$target.new.tar" "$work/sources.list"
    mv "$target.new.tar" "$target"
    made "$target"
}

# layer NAME ARGUMENTS...: $work/NAME.layer.tar.gz from $work/NAME.tar.
layer() {
    result=$work/$1.layer.tar.gz
    if ! fresh "$result" "$work/$1.tar.key" "$work/base.tar.key" "$tool"; then
        shift
        python3 "$tool" layer --to "$result.new.tar.gz" "$@"
        mv "$result.new.tar.gz" "$result"
        made "$result"
    fi
}

# image NAME ARGUMENTS...: shop-NAME.tar from the base layer, NAME's packages and NAME's own files.
image() {
    name=$1
    shift
    layer "$name" --tar "$work/$name.tar" --minus "$work/base.tar"
    if fresh "$out/shop-$name.tar" "$here/$name" "$tool" "$work/base.tar.key" "$work/$name.tar.key" "$self"; then
        return
    fi
    say "packing shop-$name.tar"
    python3 "$tool" layer --to "$work/$name.files.tar.gz" "$@"
    python3 "$tool" pack --name "shop-$name" --config "$here/$name/image.json" --to "$out/shop-$name.tar" \
        "$work/base.layer.tar.gz" "$work/$name.layer.tar.gz" "$work/$name.files.tar.gz"
    made "$out/shop-$name.tar"
}

# The page's files, by Vite. A distribution whose node is too old for it gets a newer one from npm.
page() {
    rm -rf "$work/web"
    mkdir -p "$work/web"
    (cd "$here/web" && tar cf - --exclude=node_modules --exclude=dist .) | tar xf - -C "$work/web"
    (
        cd "$work/web"
        if [ "$(node --version | sed 's/^v//; s/\..*//')" -lt 18 ]; then
            npm install --prefix "$work/node" --no-audit --no-fund --loglevel=error node@20
            PATH=$work/node/node_modules/node/bin:$PATH
        fi
        try=1
        until npm ci --no-audit --no-fund --loglevel=error; do
            [ $try -lt 3 ] || exit 1
            try=$((try + 1))
            sleep 5
        done
        npm run build
    )
}

recipe=$(sed -n '/^tree()/,/^}/p' "$self")
tree base curl : :
layer base --tar "$work/base.tar"

# The user's number is the official image's, so that a volume fits both.
tree db curl,postgresql '
    echo "postgres:x:999:" >>/etc/group
    echo "postgres:x:999:999:PostgreSQL:/var/lib/postgresql:/bin/bash" >>/etc/passwd
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
' '
    cd /usr/lib/postgresql
    ln -s [0-9]* current
    install -d -m 0700 -o postgres -g postgres /var/lib/postgresql/data
    install -d /docker-entrypoint-initdb.d
'
image db --add "$here/db/docker-entrypoint.sh" /usr/local/bin/docker-entrypoint.sh

tree api curl,gunicorn,python3-flask,python3-psycopg2 : '
    echo "api:x:1000:" >>/etc/group
    echo "api:x:1000:1000:API:/srv/api:/usr/sbin/nologin" >>/etc/passwd
'
image api --add "$here/api/app.py" /srv/api/app.py --add "$here/api/database.py" /srv/api/database.py \
    --add "$here/api/migrate.py" /srv/api/migrate.py --add "$here/api/migrations" /srv/api/migrations

tree web curl,nginx : '
    ln -sf /dev/stdout /var/log/nginx/access.log
    ln -sf /dev/stderr /var/log/nginx/error.log
'
if ! fresh "$work/page" "$here/web" "$self"; then
    say "building the page"
    page
    touch "$work/page"
    made "$work/page"
fi
image web --add "$here/web/nginx.conf" /etc/nginx/nginx.conf --add "$work/web/dist" /usr/share/nginx/shop
say "the images are in $out"
