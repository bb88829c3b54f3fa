-- modes: batch
CREATE TABLE t (
  id INT NOT NULL, `a b` STRING COMMENT 'it''s', d DECIMAL(10, 2), ts TIMESTAMP(3), l TIMESTAMP_LTZ(3), arr ARRAY<INT>, m MAP<STRING, BIGINT>, r ROW<x INT, y VARCHAR(5)>, c CHAR(3),
  twice AS id * 2 COMMENT 'calc', WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, CONSTRAINT pk PRIMARY KEY (id) NOT ENFORCED
) COMMENT 'a table' DISTRIBUTED BY HASH(id) INTO 4 BUCKETS PARTITIONED BY (c)
WITH ('connector' = 'filesystem', 'path' = '/nowhere', 'format' = 'json');
SHOW CREATE TABLE t;
CREATE TABLE plain (n INT, b BOOLEAN, x BYTES, y BINARY(3), z VARBINARY(7), i TINYINT, j SMALLINT, k FLOAT, o DOUBLE, p DATE, q TIME(3), u MULTISET<STRING>) WITH ('connector' = 'datagen', 'number-of-rows' = '1');
SHOW CREATE TABLE plain;
CREATE TEMPORARY TABLE tmp (n INT) WITH ('connector' = 'blackhole');
SHOW CREATE TABLE tmp;
CREATE VIEW v AS SELECT `t`.`id`, `t`.`a b`
FROM `default_catalog`.`default_database`.`t` AS `t`;
SHOW CREATE VIEW v;
CREATE VIEW w (x, y) COMMENT 'two' AS SELECT `plain`.`n`, `plain`.`b`
FROM `default_catalog`.`default_database`.`plain` AS `plain`
WHERE `plain`.`n` > 1;
SHOW CREATE VIEW w;
CREATE TEMPORARY VIEW tv AS SELECT `plain`.`n`
FROM `default_catalog`.`default_database`.`plain` AS `plain`;
SHOW CREATE VIEW tv;
SHOW CREATE TABLE v;
SHOW CREATE VIEW t;
SHOW CREATE TABLE nope;
SHOW COLUMNS FROM t;
SHOW COLUMNS IN t LIKE 't%';
SHOW COLUMNS FROM t NOT LIKE '%a%';
SHOW COLUMNS FROM v;
SHOW COLUMNS FROM nope;
CREATE TABLE bucketed (n INT, k INT) DISTRIBUTED BY (n, k) WITH ('connector' = 'blackhole');
SHOW CREATE TABLE bucketed;
CREATE TABLE counted (n INT) DISTRIBUTED INTO 3 BUCKETS WITH ('connector' = 'blackhole');
SHOW CREATE TABLE counted;
CREATE TABLE ranged (n INT) DISTRIBUTED BY RANGE(n) INTO 3 BUCKETS WITH ('connector' = 'blackhole');
SHOW CREATE TABLE ranged;
CREATE TABLE enforced (n INT, PRIMARY KEY (n) ENFORCED) WITH ('connector' = 'blackhole');
CREATE TABLE enforced (n INT, PRIMARY KEY (n)) WITH ('connector' = 'blackhole');
