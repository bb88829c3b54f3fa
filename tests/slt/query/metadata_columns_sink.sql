-- modes: streaming
CREATE TABLE m5 (id INT, s BIGINT METADATA FROM 'file.size' VIRTUAL) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/m5', 'format' = 'json');
INSERT INTO m5 VALUES (1), (2);
SELECT * FROM m5;
CREATE TABLE m6 (id INT, s BIGINT METADATA FROM 'file.size') WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/m5', 'format' = 'json');
INSERT INTO m6 VALUES (1, 2);
