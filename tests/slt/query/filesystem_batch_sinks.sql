-- modes: batch
-- files: plain
-- files: parts
-- files: done
-- files: whole
-- files: nulls
CREATE TABLE src (id INT, name STRING, dt STRING, hr INT) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/src', 'format' = 'json');
INSERT INTO src VALUES (1, 'a', '2024-03-01', 1), (2, 'b', '2024-03-01', 2), (3, CAST(NULL AS STRING), '2024-03-02', 1), (4, 'd', '2024-03-01', 1), (5, 'e', 'x=y/z %', -1), (6, 'f', '2024-03-02', 1);
CREATE TABLE plain (id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/plain', 'format' = 'csv');
INSERT INTO plain SELECT id, name FROM src WHERE name IS NOT NULL;
SELECT * FROM plain;
INSERT INTO plain VALUES (100, 'appended');
SELECT * FROM plain;
INSERT OVERWRITE plain SELECT id, name FROM src WHERE id IN (1, 2);
SELECT * FROM plain;
INSERT OVERWRITE plain SELECT id + 10, UPPER(name) FROM plain;
SELECT * FROM plain;
INSERT INTO plain SELECT id, name FROM src WHERE id > 1000;
SELECT COUNT(*) FROM plain;
INSERT OVERWRITE plain SELECT id, name FROM src WHERE 1 / (id - 3) > 0;
SELECT COUNT(*) FROM plain;
INSERT OVERWRITE plain SELECT id, name FROM src WHERE id > 1000;
SELECT COUNT(*) FROM plain;
CREATE TABLE parts (id INT, name STRING, dt STRING, hr INT) PARTITIONED BY (dt, hr) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/parts', 'format' = 'json');
INSERT INTO parts SELECT * FROM src;
SELECT * FROM parts;
INSERT INTO parts PARTITION (dt = '2024-03-09') SELECT id, name, hr FROM src WHERE id <= 2;
SELECT * FROM parts WHERE dt = '2024-03-09';
INSERT OVERWRITE parts PARTITION (dt = '2024-03-01', hr = 1) SELECT id + 100, name FROM src WHERE id < 3;
SELECT * FROM parts WHERE dt = '2024-03-01';
INSERT OVERWRITE parts SELECT id + 1000, name, dt, hr FROM src WHERE dt = '2024-03-02';
SELECT * FROM parts;
INSERT OVERWRITE parts PARTITION (dt = '2024-03-01') SELECT id + 500, name, hr FROM src WHERE dt = '2024-03-01' AND hr = 2;
SELECT * FROM parts WHERE dt = '2024-03-01';
INSERT OVERWRITE parts SELECT id, name, dt, hr FROM src WHERE id > 1000;
SELECT COUNT(*) FROM parts;
INSERT INTO parts PARTITION (hr = 7) SELECT id, name, dt FROM src WHERE id = 1;
SELECT * FROM parts WHERE hr = 7;
INSERT INTO parts PARTITION (dt = 'empty', hr = 1) SELECT id, name FROM src WHERE id > 1000;
SELECT COUNT(*) FROM parts WHERE dt = 'empty';
CREATE TABLE done (id INT, name STRING, dt STRING) PARTITIONED BY (dt) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/done', 'format' = 'json', 'sink.partition-commit.policy.kind' = 'success-file');
INSERT INTO done SELECT id, name, dt FROM src WHERE id < 5;
SELECT * FROM done;
INSERT OVERWRITE done PARTITION (dt = '2024-03-01') SELECT id, name FROM src WHERE id > 1000;
SELECT * FROM done;
INSERT INTO done PARTITION (dt = 'nothing') SELECT id, name FROM src WHERE id > 1000;
CREATE TABLE whole (id INT) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/whole', 'format' = 'json', 'sink.partition-commit.policy.kind' = 'success-file', 'sink.partition-commit.success-file.name' = '_done');
INSERT INTO whole VALUES (1), (2);
INSERT OVERWRITE whole VALUES (3);
SELECT * FROM whole;
CREATE TABLE nulls (id INT, k STRING) PARTITIONED BY (k) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/nulls', 'format' = 'csv', 'partition.default-name' = 'nothing');
INSERT INTO nulls VALUES (1, CAST(NULL AS STRING)), (2, ''), (3, 'z');
SELECT id FROM nulls WHERE k = 'z';
CREATE TABLE wrong (id INT, dt STRING) PARTITIONED BY (dt) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/wrong', 'format' = 'json');
INSERT INTO wrong PARTITION (id = 1) SELECT 'x';
INSERT OVERWRITE wrong PARTITION (dt = 'a') SELECT 1, 'b';
