#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Starts PostgreSQL; on an empty data folder it sets the database up first.
#
#   POSTGRES_USER, POSTGRES_DB    the superuser and the database (postgres; the user's name)
#   POSTGRES_PASSWORD             required on the first start
#   POSTGRES_INITDB_ARGS          more arguments for initdb
#   NAME_FILE                     any of these from a file, e.g. POSTGRES_PASSWORD_FILE
#   /docker-entrypoint-initdb.d/  *.sql and *.sh, run in order once the database exists
set -Eeuo pipefail

die() {
    echo "docker-entrypoint.sh: $*" >&2
    exit 1
}

# setting NAME DEFAULT: $NAME or the content of the file $NAME_FILE, never both.
setting() {
    local name=$1 file_name=$1_FILE value=${2-}
    if [ -n "${!name-}" ] && [ -n "${!file_name-}" ]; then
        die "$name and $file_name are both set"
    fi
    if [ -n "${!name-}" ]; then
        value=${!name}
    elif [ -n "${!file_name-}" ]; then
        value=$(<"${!file_name}")
    fi
    export "$name=$value"
    unset "$file_name"
}

# As root: give the folders to postgres and go on as postgres.
become_postgres() {
    install -d -m 0700 -o postgres -g postgres "$PGDATA"
    install -d -m 2775 -o postgres -g postgres /run/postgresql
    find "$PGDATA" \! -user postgres -exec chown postgres:postgres {} +
    # The password file is read now, while everything is readable.
    setting POSTGRES_PASSWORD
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
}

query() {
    psql --no-psqlrc --quiet --variable ON_ERROR_STOP=1 --no-password --username "$POSTGRES_USER" "$@"
}

create_database() {
    [ "$POSTGRES_DB" = postgres ] || query --dbname postgres --variable name="$POSTGRES_DB" <<<'CREATE DATABASE :"name";'
}

run_first_scripts() {
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
            *.sh) echo "docker-entrypoint.sh: running $file"; bash "$file" ;;
            *.sql) echo "docker-entrypoint.sh: running $file"; query --dbname "$POSTGRES_DB" --file "$file" ;;
        esac
    done
}

set_up() {
    [ -n "$POSTGRES_PASSWORD" ] || die "the first start needs POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE"

    # shellcheck disable=SC2086  # several arguments, split at spaces
    initdb --username "$POSTGRES_USER" --pwfile <(echo "$POSTGRES_PASSWORD") --auth-local trust \
        --auth-host scram-sha-256 ${POSTGRES_INITDB_ARGS-}
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"

    # No TCP until everything is there: nobody connects to a half-made database.
    pg_ctl --wait --silent --options "-c listen_addresses=''" start
    create_database
    run_first_scripts
    pg_ctl --wait --silent --mode fast stop
    echo "docker-entrypoint.sh: the database '$POSTGRES_DB' is set up"
}

case ${1-} in
    postgres) ;;
    -*) set -- postgres "$@" ;;
    *) exec "$@" ;;
esac

[ "$(id -u)" -ne 0 ] || become_postgres "$@"

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    setting POSTGRES_USER postgres
    setting POSTGRES_DB "$POSTGRES_USER"
    setting POSTGRES_PASSWORD
    set_up
fi
unset POSTGRES_PASSWORD
exec "$@" -c "listen_addresses=*"
