CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
DESCRIBE orders;
DESC orders;
CREATE TABLE typed (a TINYINT NOT NULL, b SMALLINT, c BIGINT COMMENT 'a number', d FLOAT, e DOUBLE, f DECIMAL(12, 3), g CHAR(3), h VARCHAR(10), i BYTES, j DATE, k TIME(3), l TIMESTAMP(6), m TIMESTAMP_LTZ(3), n ARRAY<INT NOT NULL>, o MAP<STRING, DOUBLE>, p ROW<x INT, y STRING>, q BOOLEAN, r AS a + 1, s BINARY(4), t VARBINARY(8), u TIMESTAMP, v DECIMAL, w VARCHAR, PRIMARY KEY (a) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DATA}/none', 'format' = 'json');
DESCRIBE typed;
