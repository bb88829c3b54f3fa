CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, COUNT(*) OVER (PARTITION BY customer ORDER BY ts) AS n, SUM(qty) OVER (PARTITION BY customer ORDER BY ts) AS q FROM orders;
SELECT id, SUM(qty) OVER (PARTITION BY customer ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS last_three FROM orders;
SELECT id, FIRST_VALUE(status) OVER (PARTITION BY customer ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS first_status, LAST_VALUE(qty) OVER (PARTITION BY customer ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS last_qty FROM orders;
SELECT customer, qty * 2 + SUM(qty) OVER (PARTITION BY customer ORDER BY ts) AS x, id FROM orders WHERE qty > 1;
SELECT id, SUM(qty) OVER (PARTITION BY customer ORDER BY ts ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS around FROM orders;
