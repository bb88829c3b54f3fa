CREATE TABLE a (id INT, k INT, v INT) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/a', 'format' = 'json');
CREATE TABLE b (k INT, w INT) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/b', 'format' = 'json');
INSERT INTO a VALUES (1, 1, 10), (2, 1, CAST(NULL AS INT)), (3, 7, CAST(NULL AS INT)), (4, 7, 10), (5, CAST(NULL AS INT), CAST(NULL AS INT));
INSERT INTO b VALUES (1, 10), (2, CAST(NULL AS INT));
SELECT id, v IN (SELECT w FROM b WHERE b.k = a.k) AS y FROM a;
SELECT id, v NOT IN (SELECT w FROM b WHERE b.k = a.k) AS y FROM a;
SELECT id FROM a WHERE v NOT IN (SELECT w FROM b WHERE b.k = a.k) OR id < 0;
