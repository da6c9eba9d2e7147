CREATE TABLE products (
    id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    price    numeric(8, 2) NOT NULL CHECK (price >= 0),
    added_at timestamptz NOT NULL DEFAULT now()
);
