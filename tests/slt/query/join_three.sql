CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE products (
  id INT, name STRING, kind STRING, price DECIMAL(6, 2)
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/products.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT p.kind, c.country, COUNT(*) AS n FROM orders o JOIN products p ON o.product = p.id JOIN customers c ON o.customer = c.name GROUP BY p.kind, c.country;
