CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW numbers AS SELECT id, customer, ts, qty, price, CAST(qty AS TINYINT) AS t, CAST(qty AS BIGINT) * 1000000007 AS b, CAST(price AS DOUBLE) AS d, CAST(price AS FLOAT) AS f FROM orders;
SELECT id, STDDEV_POP(qty) OVER w AS a, STDDEV_SAMP(qty) OVER w AS b, STDDEV(qty) OVER w AS c, VAR_POP(qty) OVER w AS d, VAR_SAMP(qty) OVER w AS e, VARIANCE(qty) OVER w AS f FROM numbers WINDOW w AS (PARTITION BY customer ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW);
SELECT id, STDDEV_POP(b) OVER w AS a, VAR_POP(b) OVER w AS b, VAR_SAMP(b) OVER w AS c FROM numbers WINDOW w AS (PARTITION BY customer ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW);
SELECT id, STDDEV_POP(t) OVER w AS a, VAR_POP(t) OVER w AS b, VAR_SAMP(t) OVER w AS c FROM numbers WINDOW w AS (PARTITION BY customer ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW);
SELECT id, STDDEV_POP(price) OVER w AS a, STDDEV_SAMP(price) OVER w AS b, VAR_POP(price) OVER w AS c, VAR_SAMP(price) OVER w AS d FROM numbers WINDOW w AS (PARTITION BY customer ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW);
