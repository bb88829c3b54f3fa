CREATE TABLE nothing (
  a INT, b STRING
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/empty.csv', 'format' = 'csv');
SELECT * FROM nothing;
SELECT COUNT(*) AS n FROM nothing;
SELECT SUM(a) AS s, MAX(b) AS m FROM nothing;
SELECT b, COUNT(*) AS n FROM nothing GROUP BY b;
