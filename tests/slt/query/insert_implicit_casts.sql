-- modes: batch
CREATE TABLE orders (
  id INT, customer STRING, product INT, qty INT, price DECIMAL(10, 2), status STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE wide (a BIGINT, b DOUBLE, c DECIMAL(12, 4), d VARCHAR(3), e TIMESTAMP(3), f INT) ${TABLE:wide};
INSERT INTO wide SELECT id, qty, price, customer, ts, product FROM orders WHERE id < 6;
SELECT * FROM wide ORDER BY a;
INSERT INTO wide (a, b) SELECT price, id FROM orders WHERE id = 7;
INSERT INTO wide (d) SELECT id FROM orders WHERE id = 7;
INSERT INTO wide (f) SELECT customer FROM orders WHERE id = 7;
SELECT * FROM wide ORDER BY a, f;
