CREATE TABLE g (i INT, l BIGINT, s SMALLINT, t TINYINT, f FLOAT, d DOUBLE, v STRING, c CHAR(5)) WITH ('connector' = 'datagen', 'rows-per-second' = '100000', 'number-of-rows' = '100',
 'fields.i.kind' = 'sequence', 'fields.i.start' = '1', 'fields.i.end' = '5', 'fields.l.kind' = 'sequence', 'fields.l.start' = '-2', 'fields.l.end' = '10', 'fields.s.kind' = 'sequence', 'fields.s.start' = '1', 'fields.s.end' = '10',
 'fields.t.kind' = 'sequence', 'fields.t.start' = '1', 'fields.t.end' = '10', 'fields.f.kind' = 'sequence', 'fields.f.start' = '1', 'fields.f.end' = '10', 'fields.d.kind' = 'sequence', 'fields.d.start' = '1', 'fields.d.end' = '10',
 'fields.v.kind' = 'sequence', 'fields.v.start' = '1', 'fields.v.end' = '10', 'fields.c.kind' = 'sequence', 'fields.c.start' = '1', 'fields.c.end' = '10');
SELECT * FROM g;
CREATE TABLE r (i INT, d DOUBLE, n DECIMAL(6, 2), s VARCHAR(20), c CHAR(7), b BINARY(3), vb VARBINARY(9), a ARRAY<INT>, m MAP<STRING, INT>, ms MULTISET<INT>, w ROW<x INT, y STRING>, bo BOOLEAN, dt DATE, ti TIME, ts TIMESTAMP(3)) WITH ('connector' = 'datagen', 'number-of-rows' = '200', 'rows-per-second' = '100000',
 'fields.i.min' = '3', 'fields.i.max' = '9', 'fields.d.min' = '-1', 'fields.d.max' = '1', 'fields.n.min' = '-5', 'fields.n.max' = '5', 'fields.s.length' = '12', 'fields.vb.length' = '4', 'fields.a.element.min' = '1', 'fields.a.element.max' = '4', 'fields.a.length' = '6', 'fields.w.x.min' = '100', 'fields.w.x.max' = '101', 'fields.w.y.length' = '3', 'fields.m.key.length' = '5', 'fields.m.value.min' = '1', 'fields.m.value.max' = '2', 'fields.ms.element.min' = '1', 'fields.ms.element.max' = '3', 'fields.bo.null-rate' = '1', 'fields.ts.max-past' = '1 s');
SELECT COUNT(*) FROM r;
SELECT COUNT(*) FROM r WHERE i >= 3 AND i <= 9;
SELECT COUNT(*) FROM r WHERE d >= -1 AND d <= 1 AND n >= -5 AND n <= 5;
SELECT DISTINCT CHAR_LENGTH(s), CHAR_LENGTH(c), CARDINALITY(a), w.x >= 100 AND w.x <= 101, CHAR_LENGTH(w.y), bo FROM r;
SELECT COUNT(*) FROM r WHERE a[1] >= 1 AND a[6] <= 4;
SELECT COUNT(*) FROM r WHERE dt IS NULL OR ti IS NULL OR ts IS NULL;
SELECT DISTINCT CARDINALITY(m), CHAR_LENGTH(MAP_KEYS(m)[1]) FROM r;
CREATE TABLE bad1 (i INT) WITH ('connector' = 'datagen', 'fields.i.kind' = 'sequence');
SELECT * FROM bad1;
CREATE TABLE bad2 (i INT) WITH ('connector' = 'datagen', 'fields.x.kind' = 'random');
SELECT * FROM bad2;
CREATE TABLE bad3 (i BOOLEAN) WITH ('connector' = 'datagen', 'fields.i.kind' = 'sequence', 'fields.i.start' = '1', 'fields.i.end' = '2');
SELECT * FROM bad3;
CREATE TABLE bad4 (c CHAR(3)) WITH ('connector' = 'datagen', 'number-of-rows' = '1', 'fields.c.length' = '2');
SELECT * FROM bad4;
CREATE TABLE bad5 (c VARCHAR(3)) WITH ('connector' = 'datagen', 'number-of-rows' = '1', 'fields.c.length' = '20');
SELECT * FROM bad5;
