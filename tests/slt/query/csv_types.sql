CREATE TABLE c (t TINYINT, s SMALLINT, i INT, b BIGINT, f FLOAT, d DOUBLE, de DECIMAL(8, 3), bo BOOLEAN, st STRING, dt DATE, ti TIME(0), ts TIMESTAMP(3), lz TIMESTAMP_LTZ(3))
WITH ('connector' = 'filesystem', 'path' = '${DATA}/types.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT * FROM c;
SELECT st, CHAR_LENGTH(st) AS n FROM c;
