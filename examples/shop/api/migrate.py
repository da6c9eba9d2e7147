# SPDX-License-Identifier: Apache-2.0
"""Brings the tables to their newest form: every file of migrations/ once, in order, all or nothing."""
import pathlib

import database

FOLDER = pathlib.Path(__file__).parent / "migrations"


def main():
    connection = database.connect()
    with connection, connection.cursor() as cursor:
        # One migration at a time, however many are started.
        cursor.execute("SELECT pg_advisory_xact_lock(20250101)")
        cursor.execute("CREATE TABLE IF NOT EXISTS migrations"
                       " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())")
        cursor.execute("SELECT name FROM migrations")
        applied = {name for (name,) in cursor.fetchall()}
        waiting = [path for path in sorted(FOLDER.glob("*.sql")) if path.name not in applied]
        for path in waiting:
            print(f"applying {path.name}")
            cursor.execute(path.read_text(encoding="utf-8"))
            cursor.execute("INSERT INTO migrations (name) VALUES (%s)", (path.name,))
    connection.close()
    print(f"migrated: {len(waiting)} applied, {len(applied)} were there")


if __name__ == "__main__":
    main()
