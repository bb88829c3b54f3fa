CREATE TABLE bids (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE TABLE asks (
  id INT, item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/asks.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');
CREATE VIEW wb AS SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND));
CREATE VIEW wa AS SELECT * FROM TABLE(TUMBLE(TABLE asks, DESCRIPTOR(ts), INTERVAL '10' SECOND));
SELECT b.id, a.id AS ask, b.window_start FROM wb b JOIN wa a ON b.item = a.item AND b.window_start = a.window_start AND b.window_end = a.window_end;
SELECT b.id, a.id AS ask, b.window_start FROM wb b LEFT JOIN wa a ON b.item = a.item AND b.window_start = a.window_start AND b.window_end = a.window_end AND b.price < a.price;
SELECT b.id, a.id AS ask, a.window_start FROM wb b RIGHT JOIN wa a ON b.item = a.item AND b.window_start = a.window_start AND b.window_end = a.window_end;
SELECT b.id, a.id AS ask, COALESCE(b.window_start, a.window_start) AS ws FROM wb b FULL JOIN wa a ON b.item = a.item AND b.window_start = a.window_start AND b.window_end = a.window_end AND b.price < a.price;
SELECT b.id FROM wb b WHERE b.item IN (SELECT item FROM wa a WHERE b.window_start = a.window_start AND b.window_end = a.window_end);
SELECT b.id FROM wb b WHERE NOT EXISTS (SELECT 1 FROM wa a WHERE b.item = a.item AND b.window_start = a.window_start AND b.window_end = a.window_end);
SELECT window_start, COUNT(*) AS n FROM (SELECT b.window_start, b.window_end, b.window_time, a.id FROM wb b JOIN wa a ON b.item = a.item AND b.window_start = a.window_start AND b.window_end = a.window_end) GROUP BY window_start, window_end;
SELECT window_start, window_end, id, ask, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY ask DESC, id) AS n FROM (SELECT b.window_start, b.window_end, b.id, a.id AS ask FROM wb b JOIN wa a ON b.item = a.item AND b.window_start = a.window_start AND b.window_end = a.window_end)) WHERE n <= 2;
