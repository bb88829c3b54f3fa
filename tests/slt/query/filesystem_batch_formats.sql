-- modes: batch
CREATE TEMPORARY VIEW src AS SELECT * FROM (VALUES
 (1, 'a"q', CAST(1.5 AS DECIMAL(20, 4)), CAST(2.5E10 AS DOUBLE), TIMESTAMP '2024-03-01 12:00:00.5', DATE '2024-02-29', 'p1'),
 (2, CAST(NULL AS STRING), CAST(NULL AS DECIMAL(20, 4)), CAST(NULL AS DOUBLE), CAST(NULL AS TIMESTAMP(3)), CAST(NULL AS DATE), 'p2'),
 (3, '', CAST(-0.0001 AS DECIMAL(20, 4)), CAST(-1 AS DOUBLE), TIMESTAMP '1969-12-31 23:59:59.999', DATE '1969-12-31', 'p1')) AS v(id, name, amount, big, ts, d, p);
CREATE TABLE t_json (id INT, name STRING, amount DECIMAL(20, 4), big DOUBLE, ts TIMESTAMP(3), d DATE, p STRING) PARTITIONED BY (p) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_json', 'format' = 'json');
INSERT INTO t_json SELECT * FROM src;
SELECT * FROM t_json;
CREATE TABLE t_csv (id INT, name STRING, amount DECIMAL(20, 4), big DOUBLE, ts TIMESTAMP(3), d DATE, p STRING) PARTITIONED BY (p) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
INSERT INTO t_csv SELECT * FROM src;
SELECT * FROM t_csv;
CREATE TABLE t_parquet (id INT, name STRING, amount DECIMAL(20, 4), big DOUBLE, ts TIMESTAMP(3), d DATE, p STRING) PARTITIONED BY (p) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_parquet', 'format' = 'parquet');
INSERT INTO t_parquet SELECT * FROM src;
SELECT * FROM t_parquet;
INSERT OVERWRITE t_parquet PARTITION (p = 'p1') SELECT id, name, amount, big, ts, d FROM t_parquet WHERE id = 3;
SELECT * FROM t_parquet;
CREATE TABLE t_avro (id INT, name STRING, amount DECIMAL(20, 4), big DOUBLE, ts TIMESTAMP(3), d DATE, p STRING) PARTITIONED BY (p) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_avro', 'format' = 'avro');
INSERT INTO t_avro SELECT * FROM src;
SELECT * FROM t_avro;
CREATE TABLE t_raw (name STRING, p STRING) PARTITIONED BY (p) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_raw', 'format' = 'raw');
INSERT INTO t_raw SELECT name, p FROM src WHERE name IS NOT NULL;
SELECT * FROM t_raw WHERE name <> '';
CREATE TABLE t_debezium (id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_debezium', 'format' = 'debezium-json');
INSERT INTO t_debezium SELECT id, name FROM src;
CREATE TABLE r_debezium (line STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_debezium', 'format' = 'raw');
SELECT * FROM r_debezium;
CREATE TABLE t_canal (id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_canal', 'format' = 'canal-json');
INSERT INTO t_canal SELECT id, name FROM src;
CREATE TABLE r_canal (line STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_canal', 'format' = 'raw');
SELECT * FROM r_canal;
CREATE TABLE t_maxwell (id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_maxwell', 'format' = 'maxwell-json');
INSERT INTO t_maxwell SELECT id, name FROM src;
CREATE TABLE r_maxwell (line STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_maxwell', 'format' = 'raw');
SELECT * FROM r_maxwell;
CREATE TABLE t_ogg (id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_ogg', 'format' = 'ogg-json');
INSERT INTO t_ogg SELECT id, name FROM src;
CREATE TABLE r_ogg (line STRING) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/t_ogg', 'format' = 'raw');
SELECT * FROM r_ogg;
