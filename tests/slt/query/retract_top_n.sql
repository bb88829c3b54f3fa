CREATE TABLE updates (
  k STRING, v INT, s STRING, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/updates.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT k, v, rn FROM (SELECT k, v, ROW_NUMBER() OVER (ORDER BY v DESC, k) AS rn FROM (SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1) AS l) AS t WHERE rn <= 2;
SELECT k, s FROM (SELECT k, s, v, ROW_NUMBER() OVER (PARTITION BY s ORDER BY v, k) AS rn FROM (SELECT k, v, s FROM (SELECT k, v, s, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM updates) AS t WHERE rn = 1) AS l) AS t WHERE rn <= 1;
SELECT customer, best FROM (SELECT customer, best, ROW_NUMBER() OVER (ORDER BY best DESC, customer) AS rn FROM (SELECT customer, MAX(price) AS best FROM orders GROUP BY customer) AS g) AS t WHERE rn <= 3;
