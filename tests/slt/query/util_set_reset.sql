-- modes: batch
CREATE TABLE t (ts TIMESTAMP_LTZ(3)) ${TABLE:t};
INSERT INTO t VALUES (TO_TIMESTAMP_LTZ(0, 3));
SET 'table.local-time-zone' = 'Asia/Tokyo';
SELECT CAST(ts AS STRING) AS s FROM t;
SET 'table.local-time-zone' = 'Europe/Vienna';
SELECT CAST(ts AS STRING) AS s FROM t;
RESET 'table.local-time-zone';
SET 'table.local-time-zone' = 'UTC';
SELECT CAST(ts AS STRING) AS s FROM t;
RESET 'some.unknown.key';
SELECT 1 AS o;
