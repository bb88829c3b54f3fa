-- modes: batch
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT id, customer, SUM(qty) OVER (PARTITION BY customer ORDER BY ts, id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM orders;
SELECT id, LAG(qty) OVER (PARTITION BY customer ORDER BY ts, id) AS p, LEAD(qty, 1) OVER (PARTITION BY customer ORDER BY ts, id) AS n FROM orders;
SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS rn FROM orders;
SELECT id, COUNT(*) OVER (PARTITION BY customer) AS c FROM orders;
SELECT id, FIRST_VALUE(qty) OVER (PARTITION BY customer ORDER BY id) AS f FROM orders;
