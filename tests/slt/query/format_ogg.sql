-- modes: streaming
CREATE TABLE d (id INT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/ogg.json', 'format' = 'ogg-json');
SELECT * FROM d;
SELECT COUNT(*), SUM(weight), MAX(name) FROM d;
CREATE TABLE tr (id INT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/ogg_truncate.json', 'format' = 'ogg-json', 'ogg-json.ignore-parse-errors' = 'true');
SELECT * FROM tr;
