CREATE TABLE e (id INT, millis BIGINT, lz AS TO_TIMESTAMP_LTZ(millis, 3), WATERMARK FOR lz AS lz - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DATA}/epochs.csv', 'format' = 'csv');
SELECT * FROM e;
SELECT window_start, window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(lz), INTERVAL '1' DAY)) GROUP BY window_start, window_end;
SET 'table.local-time-zone' = 'America/New_York';
SELECT window_start, window_end, window_time, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(lz), INTERVAL '1' DAY)) GROUP BY window_start, window_end, window_time;
SELECT id, lz, CAST(lz AS STRING) AS s FROM e;
