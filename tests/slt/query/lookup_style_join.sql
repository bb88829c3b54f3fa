CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE products (
  id INT, name STRING, kind STRING, price DECIMAL(6, 2)
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/products.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT o.id, p.name, o.price - p.price AS margin FROM orders o JOIN products p ON o.product = p.id AND p.kind = 'fruit' WHERE o.price IS NOT NULL;
SELECT p.name, SUM(o.qty) AS q, MAX(o.ts) AS latest FROM products p JOIN orders o ON p.id = o.product GROUP BY p.name;
