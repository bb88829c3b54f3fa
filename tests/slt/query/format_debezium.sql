-- modes: streaming
CREATE TABLE d (id INT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/debezium.json', 'format' = 'debezium-json');
SELECT * FROM d;
SELECT COUNT(*), SUM(weight), MAX(name) FROM d;
SELECT name, COUNT(*) FROM d WHERE weight > 1 GROUP BY name;
CREATE TABLE ds (id INT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/debezium_schema.json', 'format' = 'debezium-json', 'debezium-json.schema-include' = 'true');
SELECT * FROM ds;
CREATE TABLE bad (id INT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/debezium_bad.json', 'format' = 'debezium-json');
SELECT * FROM bad;
CREATE TABLE lenient (id INT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/debezium_bad.json', 'format' = 'debezium-json', 'debezium-json.ignore-parse-errors' = 'true');
SELECT * FROM lenient;
CREATE TABLE odd (id INT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/debezium.json', 'format' = 'debezium-json', 'debezium-json.ignore-errors' = 'true');
SELECT * FROM odd;
