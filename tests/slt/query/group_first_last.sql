CREATE TABLE updates (
  k STRING, v INT, s STRING, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/updates.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT k, FIRST_VALUE(v) AS f, LAST_VALUE(v) AS l FROM updates GROUP BY k;
SELECT k, LAST_VALUE(s) AS l FROM updates GROUP BY k;
SELECT k, LISTAGG(s) AS l FROM updates GROUP BY k;
SELECT k, LISTAGG(s, '|') AS l FROM updates GROUP BY k;
