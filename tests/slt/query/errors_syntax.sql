-- modes: batch
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELEC id FROM orders;
SELECT FROM orders;
SELECT id, FROM orders;
SELECT id FROM orders WHERE;
SELECT (id FROM orders;
SELECT id FROM orders GROUP customer;
SELECT id FROM orders ORDER id;
SELECT one FROM (VALUES (1)) AS t(one);
SELECT * FROM (VALUES (1), (2, 3)) AS t;
CREATE TABLE x (a INT,) WITH ('connector' = 'filesystem');
CREATE TABLE x (a NOTATYPE) WITH ('connector' = 'filesystem', 'path' = 'x', 'format' = 'csv');
INSERT orders VALUES (1);
