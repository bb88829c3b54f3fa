CREATE TABLE big (
  id INT, k STRING, v INT, amount DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/big.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT COUNT(*) AS n, SUM(a.v + b.v) AS s FROM big a JOIN big b ON a.k = b.k AND a.status = b.status WHERE a.v < 100 AND b.v > 900;
SELECT a.id AS x, b.id AS y FROM big a JOIN big b ON a.v = b.v AND a.k = b.k AND a.id < b.id WHERE a.status = 'sent';
SELECT g.n, COUNT(*) AS c FROM big b JOIN (SELECT k, COUNT(*) AS n FROM big WHERE k > 'k3' GROUP BY k) AS g ON b.k = g.k WHERE b.status = 'new' AND MOD(b.id, 10) = 0 GROUP BY g.n;
