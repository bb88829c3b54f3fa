-- modes: streaming
-- parallelism: 1
CREATE TABLE bids (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW latest AS SELECT item, price, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY item ORDER BY ts DESC) AS n FROM bids) WHERE n = 1;
SELECT TUMBLE_START(ts, INTERVAL '10' SECOND) AS s, COUNT(*) AS n, SUM(price) AS p FROM latest GROUP BY TUMBLE(ts, INTERVAL '10' SECOND);
SELECT window_start, COUNT(*) AS n, SUM(price) AS p FROM TABLE(TUMBLE(TABLE latest, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
SELECT b.id, l.price FROM bids b JOIN latest l ON b.item = l.item AND b.ts BETWEEN l.ts - INTERVAL '3' SECOND AND l.ts;
