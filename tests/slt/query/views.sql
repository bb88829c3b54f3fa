CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW paid AS SELECT id, customer, qty, price FROM orders WHERE status = 'paid';
CREATE TEMPORARY VIEW revenue AS SELECT customer, SUM(price * qty) AS amount FROM paid GROUP BY customer;
SELECT * FROM paid;
SELECT * FROM revenue WHERE amount > 0;
CREATE VIEW renamed (a, b) AS SELECT customer, amount FROM revenue;
SELECT a, b FROM renamed;
DESCRIBE paid;
DROP VIEW renamed;
SELECT * FROM renamed;
