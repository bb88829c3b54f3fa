CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT * FROM orders;
SELECT id, customer FROM orders;
SELECT id + 1, qty * price, customer || '!' FROM orders;
SELECT id AS a, id AS b, UPPER(customer) AS c FROM orders AS o;
SELECT o.id, o.ts FROM orders o;
SELECT 1, 'x', id FROM orders;
SELECT id, CAST(price AS DOUBLE) AS p, CAST(ts AS STRING) AS t FROM orders;
