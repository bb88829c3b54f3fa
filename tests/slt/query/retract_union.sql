CREATE TABLE updates (
  k STRING, v INT, s STRING, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/updates.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT k, v FROM (SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1) AS l UNION ALL SELECT customer, COUNT(*) FROM orders GROUP BY customer;
SELECT COUNT(*) AS n, SUM(v) AS t FROM (SELECT v FROM (SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1) AS l UNION ALL SELECT qty FROM orders) AS u;
