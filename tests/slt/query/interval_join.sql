CREATE TABLE bids (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE asks (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/asks.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT b.id, a.id AS ask, b.ts, a.ts AS ats FROM bids b JOIN asks a ON b.item = a.item AND b.ts BETWEEN a.ts - INTERVAL '3' SECOND AND a.ts + INTERVAL '2' SECOND;
SELECT b.id, a.id AS ask FROM bids b, asks a WHERE b.item = a.item AND a.ts > b.ts AND a.ts < b.ts + INTERVAL '5' SECOND AND b.price < a.price;
SELECT b.id, a.id AS ask FROM bids b JOIN asks a ON b.item = a.item AND b.ts = a.ts;
SELECT b.id, a.id AS ask FROM bids b JOIN asks a ON b.item = a.item AND b.ts + INTERVAL '4' SECOND = a.ts;
SELECT b.id, a.id AS ask FROM bids b JOIN asks a ON b.ts BETWEEN a.ts - INTERVAL '1' SECOND AND a.ts WHERE b.price > 5;
SELECT b.id, a.id AS ask FROM bids b JOIN asks a ON b.item = a.item AND b.ts >= a.ts AND b.ts <= a.ts - INTERVAL '1' SECOND;
SELECT b.item, COUNT(*) AS n, SUM(a.price - b.price) AS s FROM bids b JOIN asks a ON b.item = a.item AND b.ts BETWEEN a.ts - INTERVAL '6' SECOND AND a.ts + INTERVAL '6' SECOND GROUP BY b.item;
SELECT x.id, y.id AS other FROM bids x JOIN bids y ON x.item = y.item AND x.id <> y.id AND x.ts BETWEEN y.ts - INTERVAL '4' SECOND AND y.ts + INTERVAL '4' SECOND;
SELECT b.id, a.id AS ask FROM bids b JOIN asks a ON b.item = a.item AND b.ts >= a.ts;
SELECT b.id, a.id AS ask, TIMESTAMPDIFF(SECOND, a.ts, b.ts) AS d FROM bids b JOIN asks a ON b.item = a.item AND a.ts BETWEEN TIMESTAMPADD(MINUTE, -1, b.ts) AND b.ts;
