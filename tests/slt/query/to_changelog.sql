-- modes: streaming
SET 'table.exec.mini-batch.enabled' = 'false';
CREATE TABLE bids (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW totals AS SELECT item AS k, COUNT(*) AS c, SUM(price) AS s FROM bids GROUP BY item;
SELECT * FROM TO_CHANGELOG(input => TABLE totals);
SELECT change, k, s FROM TABLE(TO_CHANGELOG(TABLE totals, DESCRIPTOR(change)));
SELECT * FROM TO_CHANGELOG(input => TABLE totals, op_mapping => MAP['INSERT, UPDATE_AFTER', 'u', 'DELETE', 'd']);
SELECT t.kind, t.k FROM TO_CHANGELOG(input => (SELECT item AS k, MAX(price) AS m FROM bids GROUP BY item), op => DESCRIPTOR(kind), op_mapping => MAP['INSERT', '+', 'UPDATE_BEFORE', '-', 'UPDATE_AFTER', '+']) AS t WHERE t.k = 'a';
CREATE VIEW few AS SELECT k, c FROM totals WHERE c < 2;
SELECT * FROM TO_CHANGELOG(input => TABLE few, op => DEFAULT) AS t(a, b, n);
SELECT op, COUNT(*) AS n FROM TO_CHANGELOG(input => TABLE totals) GROUP BY op;
SELECT * FROM TO_CHANGELOG(input => TABLE totals, op_mapping => MAP['NOPE', 'x']);
SELECT * FROM TO_CHANGELOG(input => TABLE totals, op => DESCRIPTOR(a, b));
SELECT * FROM TO_CHANGELOG(input => TABLE totals PARTITION BY k);
SELECT * FROM TO_CHANGELOG(input => TABLE totals, op => DESCRIPTOR(k));
