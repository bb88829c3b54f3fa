CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE customers (
  name STRING, country STRING, age INT
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT customer FROM orders WHERE id < 20 INTERSECT ALL SELECT customer FROM orders WHERE id > 10;
SELECT customer FROM orders WHERE id < 20 EXCEPT ALL SELECT customer FROM orders WHERE id > 25;
SELECT customer, qty FROM orders INTERSECT ALL SELECT name, 1 FROM customers;
SELECT qty FROM orders EXCEPT ALL SELECT age FROM customers;
SELECT qty FROM orders EXCEPT ALL SELECT qty FROM orders;
SELECT n, COUNT(*) AS c FROM (SELECT customer FROM orders INTERSECT ALL SELECT customer FROM orders WHERE qty > 1) AS t(n) GROUP BY n;
SELECT x FROM (VALUES (1), (1), (2), (3), (CAST(NULL AS INT)), (CAST(NULL AS INT))) AS t(x) INTERSECT ALL SELECT y FROM (VALUES (1), (1), (1), (3), (CAST(NULL AS INT))) AS u(y);
SELECT x FROM (VALUES (1), (1), (2), (3), (CAST(NULL AS INT)), (CAST(NULL AS INT))) AS t(x) EXCEPT ALL SELECT y FROM (VALUES (1), (3), (CAST(NULL AS INT))) AS u(y);
