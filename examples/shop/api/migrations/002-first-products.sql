INSERT INTO products (name, price) VALUES
    ('Sail, small', 129.00),
    ('Rope, 10 m', 14.50),
    ('Compass', 39.90);
