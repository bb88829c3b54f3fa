CREATE TABLE s (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS SOURCE_WATERMARK()) WITH ('connector' = 'filesystem', 'path' = '${DATA}/none', 'format' = 'csv');
DESCRIBE s;
SELECT SOURCE_WATERMARK() AS w;
