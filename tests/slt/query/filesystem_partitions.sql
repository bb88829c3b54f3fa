-- modes: streaming
CREATE TABLE p (id INT, name STRING, dt STRING, hr INT) PARTITIONED BY (dt, hr) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/p', 'format' = 'json');
INSERT INTO p VALUES (1, 'a', '2024-03-01', 1), (2, 'b', '2024-03-01', 2), (3, 'c', 'x=y/z %', 1), (4, 'd', 'a b', -1);
SELECT * FROM p;
SELECT id, hr FROM p WHERE dt = '2024-03-01';
INSERT INTO p PARTITION (dt = 'static', hr = 7) SELECT * FROM (VALUES (6, 'f'), (7, 'g')) AS v(id, name);
SELECT id, name, dt, hr FROM p WHERE hr = 7;
CREATE TABLE pt (line STRING, dt STRING, hr STRING) PARTITIONED BY (dt, hr) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/p', 'format' = 'raw');
SELECT * FROM pt;
CREATE TABLE pd (id INT, k STRING) PARTITIONED BY (k) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/pd', 'format' = 'csv', 'partition.default-name' = 'nothing');
INSERT INTO pd VALUES (1, CAST(NULL AS STRING)), (2, 'nothing'), (3, 'z'), (4, '');
SELECT id FROM pd WHERE k IS NOT NULL;
CREATE TABLE pn (id INT, k STRING) PARTITIONED BY (k) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/pd', 'format' = 'csv');
SELECT * FROM pn;
