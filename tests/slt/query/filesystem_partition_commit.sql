-- modes: streaming
-- files: by_process
-- files: delayed
-- files: by_partition
-- files: formatted
-- files: compacted
-- files: whole
CREATE TABLE by_process (id INT, dt STRING) PARTITIONED BY (dt) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/by_process', 'format' = 'json', 'sink.partition-commit.policy.kind' = 'success-file');
INSERT INTO by_process VALUES (1, '2024-03-01'), (2, '2024-03-02'), (3, '2024-03-01');
SELECT * FROM by_process;
CREATE TABLE delayed (id INT, dt STRING) PARTITIONED BY (dt) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/delayed', 'format' = 'json', 'sink.partition-commit.policy.kind' = 'success-file', 'sink.partition-commit.delay' = '1 d', 'sink.partition-commit.success-file.name' = '_done');
INSERT INTO delayed VALUES (1, '2024-03-01'), (2, 'b');
CREATE TABLE by_partition (id INT, dt STRING, hr STRING) PARTITIONED BY (dt, hr) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/by_partition', 'format' = 'json', 'sink.partition-commit.policy.kind' = 'success-file', 'sink.partition-commit.trigger' = 'partition-time', 'sink.partition-commit.delay' = '1 h', 'partition.time-extractor.timestamp-pattern' = '$dt $hr:00:00');
INSERT INTO by_partition VALUES (1, '2024-03-01', '7'), (2, '2024-03-01', '12');
SELECT * FROM by_partition;
CREATE TABLE formatted (id INT, day_of STRING) PARTITIONED BY (day_of) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/formatted', 'format' = 'json', 'sink.partition-commit.policy.kind' = 'success-file', 'sink.partition-commit.trigger' = 'partition-time', 'partition.time-extractor.timestamp-pattern' = '$day_of', 'partition.time-extractor.timestamp-formatter' = 'yyyyMMdd', 'sink.partition-commit.watermark-time-zone' = 'Asia/Shanghai');
INSERT INTO formatted VALUES (1, '20240301'), (2, '20240302');
CREATE TABLE compacted (id INT, dt STRING) PARTITIONED BY (dt) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/compacted', 'format' = 'csv', 'auto-compaction' = 'true', 'compaction.file-size' = '1MB', 'sink.shuffle-by-partition.enable' = 'true', 'sink.rolling-policy.rollover-interval' = '1 s', 'sink.rolling-policy.check-interval' = '1 s', 'sink.rolling-policy.inactivity-interval' = '1 s');
INSERT INTO compacted VALUES (1, 'a'), (2, 'b'), (3, 'a');
SELECT * FROM compacted;
CREATE TABLE whole (id INT) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/whole', 'format' = 'json', 'sink.partition-commit.policy.kind' = 'success-file');
INSERT INTO whole VALUES (1);
SELECT * FROM whole;
CREATE TABLE metastore (id INT, dt STRING) PARTITIONED BY (dt) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/metastore', 'format' = 'json', 'sink.partition-commit.policy.kind' = 'metastore,success-file');
INSERT INTO metastore VALUES (1, 'a');
CREATE TABLE custom (id INT, dt STRING) PARTITIONED BY (dt) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/custom', 'format' = 'json', 'sink.partition-commit.policy.kind' = 'custom', 'sink.partition-commit.policy.class' = 'no.such.Class');
INSERT INTO custom VALUES (1, 'a');
CREATE TABLE zone (id INT, dt STRING) PARTITIONED BY (dt) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/zone', 'format' = 'json', 'sink.partition-commit.watermark-time-zone' = 'No/Where');
INSERT INTO zone VALUES (1, 'a');
CREATE TABLE overwritten (id INT) WITH ('connector' = 'filesystem', 'path' = '${SCRATCH}/overwritten', 'format' = 'json');
INSERT OVERWRITE overwritten VALUES (1);
