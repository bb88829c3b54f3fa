-- modes: batch
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE clicks (
  u STRING, page STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/clicks.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (name STRING, country STRING, age INT) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE products (id INT, name STRING, kind STRING, price DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/products.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW enriched AS SELECT o.*, c.country, COALESCE(o.price, p.price, 0) * IFNULL(o.qty, 1) AS amount FROM orders AS o LEFT JOIN customers AS c ON o.customer = c.name LEFT JOIN products AS p ON o.product = p.id AND p.kind IS NOT NULL;
CREATE VIEW per_country AS SELECT country, status, COUNT(*) AS n, SUM(amount) AS amount, COUNT(DISTINCT customer) AS customers FROM enriched GROUP BY country, status;
SELECT customer, status, amount FROM (SELECT customer, status, amount, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY amount DESC, status) AS r FROM (SELECT customer, status, SUM(amount) AS amount FROM enriched GROUP BY customer, status)) WHERE r BETWEEN 2 AND 3;
