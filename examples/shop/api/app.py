# SPDX-License-Identifier: Apache-2.0
"""The shop's API. Each request has a connection of its own, so a restarted database is simply used again."""
import decimal

import psycopg2
from flask import Flask, jsonify, request
from psycopg2.extras import RealDictCursor

import database

app = Flask(__name__)
PRODUCT = "id, name, price::text, added_at::text"


def query(statement, parameters=()):
    connection = database.connect()
    try:
        with connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()
    finally:
        connection.close()


@app.errorhandler(psycopg2.OperationalError)
def database_is_away(error):
    return jsonify(error=f"the database does not answer: {error}".strip()), 503


@app.get("/api/health")
def health():
    query("SELECT 1")
    return jsonify(status="ok")


@app.get("/api/products")
def products():
    server = query("SELECT current_setting('server_version') AS version,"
                   " pg_postmaster_start_time()::text AS started_at, now()::text AS now,"
                   " current_database() AS database, host(inet_server_addr()) AS address")
    return jsonify(server=server[0], products=query(f"SELECT {PRODUCT} FROM products ORDER BY id"))


@app.post("/api/products")
def add_product():
    body = request.get_json(silent=True)
    body = body if isinstance(body, dict) else {}
    name = str(body.get("name", "")).strip()
    try:
        price = decimal.Decimal(str(body.get("price", "")))
    except decimal.InvalidOperation:
        price = None
    if not 1 <= len(name) <= 80:
        return jsonify(error="name: 1 to 80 characters"), 400
    if price is None or not price.is_finite() or not 0 <= price < 1_000_000:
        return jsonify(error="price: a number from 0 to 999999.99"), 400
    rows = query(f"INSERT INTO products (name, price) VALUES (%s, round(%s, 2)) RETURNING {PRODUCT}", (name, price))
    return jsonify(rows[0]), 201
