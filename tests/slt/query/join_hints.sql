CREATE TABLE bids (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE asks (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/asks.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
SELECT /*+ BROADCAST(b) */ b.id, a.id AS ask FROM bids b JOIN asks a ON b.item = a.item AND b.price = a.price;
SELECT /*+ SHUFFLE_HASH(b, a) */ b.id, a.id AS ask FROM bids b JOIN asks a ON b.item = a.item AND b.price = a.price;
SELECT /*+ NEST_LOOP(a) */ b.id, a.id AS ask FROM bids b JOIN asks a ON b.price < a.price AND b.item = a.item;
SELECT /*+ MULTI_JOIN(b, a, c) */ b.id, a.id AS ask, c.id AS other FROM bids b JOIN asks a ON b.item = a.item JOIN bids c ON c.item = b.item WHERE b.id < c.id;
SELECT /*+ BROADCAST(nope) */ b.id FROM bids b JOIN asks a ON b.item = a.item;
SELECT /*+ STATE_TTL('b' = '1d', 'a' = '12h') */ b.id, a.id AS ask FROM bids b JOIN asks a ON b.item = a.item AND b.price = a.price;
SELECT /*+ NO_SUCH_HINT(b) */ b.id FROM bids b JOIN asks a ON b.item = a.item AND b.price = a.price;
