# SPDX-License-Identifier: Apache-2.0
"""The connection to PostgreSQL. libpq reads PGHOST, PGDATABASE and PGUSER itself; the password is a file."""
import os

import psycopg2


def connect():
    with open(os.environ["PASSWORD_FILE"], encoding="utf-8") as stream:
        password = stream.read().rstrip("\n")
    return psycopg2.connect(password=password, connect_timeout=3)
