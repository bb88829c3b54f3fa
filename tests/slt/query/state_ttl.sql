-- modes: streaming
-- parallelism: 1
CREATE TABLE bids (
  id INT, item STRING, price INT, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE asks (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/asks.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SET 'table.exec.mini-batch.enabled' = 'false';
SET 'table.exec.state.ttl' = '300 d';
SELECT item, COUNT(*) AS n, MAX(price) AS p FROM bids GROUP BY item;
SELECT MIN(price) AS low, COUNT(DISTINCT item) AS items FROM bids;
SELECT DISTINCT item FROM bids;
SELECT n, COUNT(*) AS c FROM (SELECT item, COUNT(*) AS n FROM bids GROUP BY item) GROUP BY n;
SELECT b.id, a.id AS ask FROM bids b LEFT JOIN asks a ON b.item = a.item AND b.price < a.price;
SELECT b.id FROM bids b WHERE b.item NOT IN (SELECT item FROM asks WHERE item IS NOT NULL) OR b.id < 4;
SELECT id, item, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY item ORDER BY price DESC, id) AS n FROM bids) WHERE n <= 2;
SELECT id, item FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY item ORDER BY ts DESC) AS n FROM bids) WHERE n = 1;
SELECT id, item FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY item ORDER BY pt) AS n FROM bids) WHERE n = 1;
SELECT id, SUM(price) OVER (PARTITION BY item ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM bids;
SELECT id, SUM(price) OVER (PARTITION BY item ORDER BY pt ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM bids;
SELECT id, SUM(price) OVER (PARTITION BY item ORDER BY price) AS s FROM bids;
SELECT id FROM bids LIMIT 3;
SELECT id, price FROM bids ORDER BY price, id LIMIT 3;
SELECT /*+ STATE_TTL('b' = '100d', 'a' = '120d') */ b.id, a.id AS ask FROM bids b JOIN asks a ON b.item = a.item;
SELECT /*+ STATE_TTL('bids' = '100d') */ item, COUNT(DISTINCT price) AS n FROM bids GROUP BY item;
SELECT /*+ STATE_TTL('nope' = '100d') */ item, COUNT(*) AS n FROM bids GROUP BY item;
SELECT /*+ STATE_TTL('bids' = 'later') */ item, COUNT(*) AS n FROM bids GROUP BY item;
SELECT /*+ STATE_TTL('b' = '0 s', 'a' = '1 d') */ b.id FROM bids b WHERE b.item IN (SELECT item FROM asks a);
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.size' = '100';
SET 'table.exec.mini-batch.allow-latency' = '1 s';
SELECT item, MAX(price) AS p FROM bids GROUP BY item;
