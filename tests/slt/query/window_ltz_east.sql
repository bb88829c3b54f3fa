-- modes: batch
-- East of UTC Flink 2.3 loses the first window in streaming mode.
CREATE TABLE e (id INT, millis BIGINT, lz AS TO_TIMESTAMP_LTZ(millis, 3), WATERMARK FOR lz AS lz - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DATA}/epochs.csv', 'format' = 'csv');
SET 'table.local-time-zone' = 'Asia/Kolkata';
SELECT window_start, window_end, window_time, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(lz), INTERVAL '1' DAY)) GROUP BY window_start, window_end, window_time;
SELECT id, lz, CAST(lz AS STRING) AS s FROM e;
