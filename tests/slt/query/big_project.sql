CREATE TABLE big (
  id INT, k STRING, v INT, amount DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/big.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT COUNT(*) AS n, SUM(v * 2 + CHAR_LENGTH(status)) AS s, MAX(amount * 1.5) AS m, MIN(CAST(ts AS STRING)) AS t FROM big;
SELECT id, UPPER(k) AS u, amount / 3 AS third FROM big WHERE MOD(id, 500) = 0;
