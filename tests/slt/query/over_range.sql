-- modes: streaming
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, SUM(price) OVER (PARTITION BY product ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS s FROM orders;
SELECT id, AVG(qty) OVER w AS a, MIN(qty) OVER w AS lo, MAX(qty) OVER w AS hi, COUNT(qty) OVER w AS n FROM orders WINDOW w AS (PARTITION BY customer ORDER BY ts RANGE BETWEEN INTERVAL '10' MINUTE PRECEDING AND CURRENT ROW);
SELECT customer, MAX(n) AS most FROM (SELECT customer, COUNT(*) OVER (PARTITION BY customer ORDER BY ts RANGE BETWEEN INTERVAL '30' MINUTE PRECEDING AND CURRENT ROW) AS n FROM orders) AS t GROUP BY customer;
SELECT id, COUNT(*) OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n FROM orders;
SELECT id, COUNT(DISTINCT product) OVER (PARTITION BY customer ORDER BY ts) AS products FROM orders;
