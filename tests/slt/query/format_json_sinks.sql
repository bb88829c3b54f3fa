-- modes: streaming
CREATE TABLE j_default (id INT, name STRING, amount DECIMAL(20, 4), big DOUBLE, ts TIMESTAMP(3), z TIMESTAMP_LTZ(3), d DATE, t TIME(0), b BYTES, tags ARRAY<STRING>, m MAP<STRING, INT>, r ROW<x INT, y STRING>, ok BOOLEAN) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/j_default', 'format' = 'json');
INSERT INTO j_default VALUES
 (1, 'a"q', 1.5, 2.5E10, TIMESTAMP '2024-03-01 12:00:00.5', CAST(TIMESTAMP '2024-03-01 12:00:01' AS TIMESTAMP_LTZ(3)), DATE '2024-02-29', TIME '01:02:03', CAST(X'00FF10' AS BYTES), ARRAY['x', 'y'], MAP['k', 1], ROW(1, 'z'), TRUE),
 (2, CAST(NULL AS STRING), CAST(NULL AS DECIMAL(20, 4)), CAST(NULL AS DOUBLE), CAST(NULL AS TIMESTAMP(3)), CAST(NULL AS TIMESTAMP_LTZ(3)), CAST(NULL AS DATE), CAST(NULL AS TIME(0)), CAST(NULL AS BYTES), CAST(NULL AS ARRAY<STRING>), CAST(NULL AS MAP<STRING, INT>), CAST(NULL AS ROW<x INT, y STRING>), CAST(NULL AS BOOLEAN)),
 (3, 'line
break', 0.00001, 1, TIMESTAMP '1969-12-31 23:59:59.999', CAST(TIMESTAMP '1970-01-01 00:00:00' AS TIMESTAMP_LTZ(3)), DATE '1970-01-01', TIME '23:59:59', CAST(X'' AS BYTES), ARRAY[CAST(NULL AS STRING)], MAP['k', CAST(NULL AS INT)], ROW(CAST(NULL AS INT), ''), FALSE);
CREATE TABLE j_default_text (line STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/j_default', 'format' = 'raw');
SELECT * FROM j_default_text;
SELECT * FROM j_default;
CREATE TABLE j_iso (id INT, name STRING, amount DECIMAL(20, 4), big DOUBLE, ts TIMESTAMP(3), z TIMESTAMP_LTZ(3), d DATE, t TIME(0), b BYTES, tags ARRAY<STRING>, m MAP<STRING, INT>, r ROW<x INT, y STRING>, ok BOOLEAN) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/j_iso', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601', 'json.encode.decimal-as-plain-number' = 'true');
INSERT INTO j_iso VALUES
 (1, 'a"q', 1.5, 2.5E10, TIMESTAMP '2024-03-01 12:00:00.5', CAST(TIMESTAMP '2024-03-01 12:00:01' AS TIMESTAMP_LTZ(3)), DATE '2024-02-29', TIME '01:02:03', CAST(X'00FF10' AS BYTES), ARRAY['x', 'y'], MAP['k', 1], ROW(1, 'z'), TRUE),
 (2, CAST(NULL AS STRING), CAST(NULL AS DECIMAL(20, 4)), CAST(NULL AS DOUBLE), CAST(NULL AS TIMESTAMP(3)), CAST(NULL AS TIMESTAMP_LTZ(3)), CAST(NULL AS DATE), CAST(NULL AS TIME(0)), CAST(NULL AS BYTES), CAST(NULL AS ARRAY<STRING>), CAST(NULL AS MAP<STRING, INT>), CAST(NULL AS ROW<x INT, y STRING>), CAST(NULL AS BOOLEAN)),
 (3, 'line
break', 0.00001, 1, TIMESTAMP '1969-12-31 23:59:59.999', CAST(TIMESTAMP '1970-01-01 00:00:00' AS TIMESTAMP_LTZ(3)), DATE '1970-01-01', TIME '23:59:59', CAST(X'' AS BYTES), ARRAY[CAST(NULL AS STRING)], MAP['k', CAST(NULL AS INT)], ROW(CAST(NULL AS INT), ''), FALSE);
CREATE TABLE j_iso_text (line STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/j_iso', 'format' = 'raw');
SELECT * FROM j_iso_text;
SELECT * FROM j_iso;
CREATE TABLE j_nonull (id INT, name STRING, amount DECIMAL(20, 4), big DOUBLE, ts TIMESTAMP(3), z TIMESTAMP_LTZ(3), d DATE, t TIME(0), b BYTES, tags ARRAY<STRING>, m MAP<STRING, INT>, r ROW<x INT, y STRING>, ok BOOLEAN) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/j_nonull', 'format' = 'json', 'json.encode.ignore-null-fields' = 'true');
INSERT INTO j_nonull VALUES
 (1, 'a"q', 1.5, 2.5E10, TIMESTAMP '2024-03-01 12:00:00.5', CAST(TIMESTAMP '2024-03-01 12:00:01' AS TIMESTAMP_LTZ(3)), DATE '2024-02-29', TIME '01:02:03', CAST(X'00FF10' AS BYTES), ARRAY['x', 'y'], MAP['k', 1], ROW(1, 'z'), TRUE),
 (2, CAST(NULL AS STRING), CAST(NULL AS DECIMAL(20, 4)), CAST(NULL AS DOUBLE), CAST(NULL AS TIMESTAMP(3)), CAST(NULL AS TIMESTAMP_LTZ(3)), CAST(NULL AS DATE), CAST(NULL AS TIME(0)), CAST(NULL AS BYTES), CAST(NULL AS ARRAY<STRING>), CAST(NULL AS MAP<STRING, INT>), CAST(NULL AS ROW<x INT, y STRING>), CAST(NULL AS BOOLEAN)),
 (3, 'line
break', 0.00001, 1, TIMESTAMP '1969-12-31 23:59:59.999', CAST(TIMESTAMP '1970-01-01 00:00:00' AS TIMESTAMP_LTZ(3)), DATE '1970-01-01', TIME '23:59:59', CAST(X'' AS BYTES), ARRAY[CAST(NULL AS STRING)], MAP['k', CAST(NULL AS INT)], ROW(CAST(NULL AS INT), ''), FALSE);
CREATE TABLE j_nonull_text (line STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/j_nonull', 'format' = 'raw');
SELECT * FROM j_nonull_text;
SELECT * FROM j_nonull;
CREATE TABLE j_drop (id INT, m MAP<STRING, INT>) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/j_drop', 'format' = 'json', 'json.map-null-key.mode' = 'DROP');
INSERT INTO j_drop SELECT id, MAP[CAST(NULL AS STRING), id, 'k', 7] FROM (VALUES (1), (2)) AS v(id);
CREATE TABLE j_drop_text (line STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/j_drop', 'format' = 'raw');
SELECT * FROM j_drop_text;
SELECT * FROM j_drop;
CREATE TABLE j_literal (id INT, m MAP<STRING, INT>) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/j_literal', 'format' = 'json', 'json.map-null-key.mode' = 'LITERAL', 'json.map-null-key.literal' = 'none');
INSERT INTO j_literal SELECT id, MAP[CAST(NULL AS STRING), id, 'k', 7] FROM (VALUES (1), (2)) AS v(id);
CREATE TABLE j_literal_text (line STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/j_literal', 'format' = 'raw');
SELECT * FROM j_literal_text;
SELECT * FROM j_literal;
CREATE TABLE j_fail (id INT, m MAP<STRING, INT>) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/j_fail', 'format' = 'json');
INSERT INTO j_fail SELECT id, MAP[CAST(NULL AS STRING), id, 'k', 7] FROM (VALUES (1), (2)) AS v(id);
