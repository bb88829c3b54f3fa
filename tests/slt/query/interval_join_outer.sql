CREATE TABLE bids (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE asks (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/asks.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT b.id, a.id AS ask FROM bids b LEFT JOIN asks a ON b.item = a.item AND b.ts BETWEEN a.ts - INTERVAL '3' SECOND AND a.ts + INTERVAL '2' SECOND;
SELECT b.id, a.id AS ask FROM bids b RIGHT JOIN asks a ON b.item = a.item AND b.ts BETWEEN a.ts - INTERVAL '3' SECOND AND a.ts + INTERVAL '2' SECOND;
SELECT b.id, a.id AS ask, b.price, a.price AS ap FROM bids b FULL JOIN asks a ON b.item = a.item AND b.ts BETWEEN a.ts - INTERVAL '3' SECOND AND a.ts + INTERVAL '2' SECOND AND b.price < a.price;
SELECT b.id, a.id AS ask FROM bids b LEFT JOIN asks a ON b.item = a.item AND b.ts >= a.ts AND b.ts <= a.ts - INTERVAL '1' SECOND;
SELECT b.id, a.id AS ask FROM bids b FULL JOIN asks a ON b.ts = a.ts;
SELECT b.id, a.id AS ask FROM bids b LEFT JOIN asks a ON b.item = a.item AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '10' SECOND AND a.price > 5 WHERE b.id <> 4;
