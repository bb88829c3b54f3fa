CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW numbers AS SELECT id, customer, ts, qty, price, CAST(qty AS TINYINT) AS t, CAST(qty AS BIGINT) * 1000000007 AS b, CAST(price AS DOUBLE) AS d, CAST(price AS FLOAT) AS f FROM orders;
SELECT id, STDDEV_POP(f) OVER w AS a, VAR_POP(f) OVER w AS b, VAR_SAMP(f) OVER w AS c FROM numbers WINDOW w AS (PARTITION BY customer ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW);
SELECT id, VAR_POP(d) OVER (ORDER BY ts) AS c, VAR_SAMP(qty) OVER (ORDER BY ts) AS d FROM numbers;
SELECT id, VAR_POP(d) OVER w AS c, VAR_SAMP(qty) OVER w AS d FROM numbers WINDOW w AS (PARTITION BY customer ORDER BY ts RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW);
SELECT id, STDDEV_POP(d) OVER w AS a, STDDEV_SAMP(d) OVER w AS b, VAR_POP(d) OVER w AS c, VAR_SAMP(d) OVER w AS d FROM numbers WINDOW w AS (PARTITION BY customer ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW);
