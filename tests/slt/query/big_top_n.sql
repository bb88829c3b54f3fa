CREATE TABLE big (
  id INT, k STRING, v INT, amount DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/big.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT k, id, amount FROM (SELECT k, id, amount, ROW_NUMBER() OVER (PARTITION BY k ORDER BY amount DESC, id) AS rn FROM big) AS t WHERE rn <= 1;
SELECT id, amount, rn FROM (SELECT id, amount, ROW_NUMBER() OVER (ORDER BY amount DESC, id) AS rn FROM big) AS t WHERE rn <= 20;
SELECT k, s, rn FROM (SELECT k, s, ROW_NUMBER() OVER (ORDER BY s DESC, k) AS rn FROM (SELECT k, SUM(amount) AS s FROM big GROUP BY k) AS g) AS t WHERE rn <= 10;
SELECT k, status FROM (SELECT k, status, ROW_NUMBER() OVER (PARTITION BY k ORDER BY id DESC) AS rn FROM big) AS t WHERE rn = 1;
