-- modes: streaming
CREATE TABLE bids (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW b AS SELECT id, item, price, price / 10 AS tens FROM bids;
CREATE VIEW c AS SELECT item, COUNT(*) AS n, MAX(id) AS m FROM bids GROUP BY item;
SELECT id, tens, RANK() OVER (ORDER BY tens) AS r FROM b;
SELECT id, tens, DENSE_RANK() OVER (ORDER BY tens) AS r FROM b;
SELECT id, tens, ROW_NUMBER() OVER (ORDER BY tens) AS r FROM b;
SELECT id, tens, COUNT(*) OVER (ORDER BY tens) AS c, MAX(price) OVER (ORDER BY tens) AS m FROM b;
SELECT item, n, RANK() OVER (ORDER BY n) AS r FROM c;
SELECT item, n, ROW_NUMBER() OVER (ORDER BY n) AS r FROM c;
SELECT item, n, SUM(n) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM c;
SELECT item, n, LAG(n) OVER (ORDER BY m) AS l FROM c;
SELECT item, COUNT(*) AS k FROM (SELECT item, COUNT(*) OVER (PARTITION BY item ORDER BY tens) AS r FROM b) WHERE r < 3 GROUP BY item;
SELECT id, RANK() OVER (ORDER BY ts) AS r, DENSE_RANK() OVER (ORDER BY ts) AS d, LAG(price) OVER (ORDER BY ts) AS l FROM bids;
