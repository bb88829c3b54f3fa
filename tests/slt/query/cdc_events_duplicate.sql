-- modes: streaming
SET 'table.exec.mini-batch.enabled' = 'false';
SET 'table.exec.source.cdc-events-duplicate' = 'true';
CREATE TABLE d (id INT, name STRING, weight DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DATA}/upserts.json', 'format' = 'debezium-json');
SELECT * FROM d;
SELECT COUNT(*), SUM(weight) FROM d;
SELECT name, COUNT(*) FROM d GROUP BY name;
SELECT * FROM d WHERE weight > 1;
CREATE TABLE nokey (id INT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/upserts.json', 'format' = 'debezium-json');
SELECT * FROM nokey;
SET 'table.exec.source.cdc-events-duplicate' = 'false';
SELECT COUNT(*), SUM(weight) FROM d;
