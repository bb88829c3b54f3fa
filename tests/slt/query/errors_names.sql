CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT nope FROM orders;
SELECT * FROM nothing_here;
SELECT o.nope FROM orders o;
SELECT x.id FROM orders o;
SELECT NOPE(id) FROM orders;
SELECT Customer FROM orders;
SELECT id FROM orders o JOIN orders p ON o.id = p.id;
SELECT id FROM orders GROUP BY customer;
SELECT customer, id, COUNT(*) FROM orders GROUP BY customer;
SELECT COUNT(*) FROM orders WHERE COUNT(*) > 1;
SELECT SUM(SUM(qty)) FROM orders;
DESCRIBE nothing_here;
DROP VIEW nothing_here;
CREATE TABLE orders (a INT) WITH ('connector' = 'filesystem', 'path' = 'x', 'format' = 'csv');
