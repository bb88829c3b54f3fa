-- modes: streaming
-- changes
CREATE TABLE d (id INT, name STRING, got TIMESTAMP_LTZ(3) METADATA FROM 'ingestion-timestamp' VIRTUAL, changed TIMESTAMP_LTZ(3) METADATA FROM 'source.timestamp' VIRTUAL, db STRING METADATA FROM 'source.database' VIRTUAL, sch STRING METADATA FROM 'source.schema' VIRTUAL, tab STRING METADATA FROM 'source.table' VIRTUAL) WITH (${MESSAGES}, 'path' = '${DATA}/debezium_source.json', 'format' = 'debezium-json');
SELECT * FROM d;
SELECT COUNT(*), COUNT(DISTINCT db), MAX(got), MIN(changed) FROM d WHERE id <> 1;
SELECT id, tab FROM d WHERE changed > TO_TIMESTAMP_LTZ(0, 3);
CREATE TABLE dp (id INT, properties MAP<STRING, STRING> METADATA FROM 'source.properties' VIRTUAL) WITH (${MESSAGES}, 'path' = '${DATA}/debezium_source.json', 'format' = 'debezium-json');
SELECT * FROM dp;
SELECT id, properties['txId'], properties['connector'] FROM dp WHERE properties['lsn'] IS NOT NULL;
CREATE TABLE dv (id INT, s STRING METADATA FROM 'schema' VIRTUAL, tab STRING METADATA FROM 'source.table' VIRTUAL) WITH (${MESSAGES}, 'path' = '${DATA}/debezium_source.json', 'format' = 'debezium-json');
SELECT * FROM dv;
CREATE TABLE dk (id INT, changed TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL, `value.source.table` STRING METADATA VIRTUAL) WITH (${MESSAGES}, 'path' = '${DATA}/debezium_source.json', 'format' = 'debezium-json');
SELECT * FROM dk;
CREATE TABLE ds (id INT, name STRING, s STRING METADATA FROM 'schema' VIRTUAL, got TIMESTAMP_LTZ(3) METADATA FROM 'ingestion-timestamp' VIRTUAL, db STRING METADATA FROM 'source.database' VIRTUAL, tab STRING METADATA FROM 'source.table' VIRTUAL, properties MAP<STRING, STRING> METADATA FROM 'source.properties' VIRTUAL) WITH (${MESSAGES}, 'path' = '${DATA}/debezium_schema_source.json', 'format' = 'debezium-json', 'debezium-json.schema-include' = 'true');
SELECT * FROM ds;
CREATE TABLE dc (id INT, got STRING METADATA FROM 'ingestion-timestamp' VIRTUAL, ms TIMESTAMP(3) METADATA FROM 'source.timestamp' VIRTUAL, day_of DATE METADATA FROM 'source.timestamp' VIRTUAL) WITH (${MESSAGES}, 'path' = '${DATA}/debezium_source.json', 'format' = 'debezium-json');
SELECT * FROM dc;
CREATE TABLE c (id INT, name STRING, db STRING METADATA FROM 'database' VIRTUAL, tab STRING METADATA FROM 'table' VIRTUAL, types MAP<STRING, INT> METADATA FROM 'sql-type' VIRTUAL, keys ARRAY<STRING> METADATA FROM 'pk-names' VIRTUAL, got TIMESTAMP_LTZ(3) METADATA FROM 'ingestion-timestamp' VIRTUAL, changed TIMESTAMP_LTZ(3) METADATA FROM 'event-timestamp' VIRTUAL) WITH (${MESSAGES}, 'path' = '${DATA}/canal_metadata.json', 'format' = 'canal-json');
SELECT * FROM c;
SELECT id, types['id'], CARDINALITY(keys), keys[1] FROM c;
CREATE TABLE cd (id INT, db STRING METADATA FROM 'database' VIRTUAL) WITH (${MESSAGES}, 'path' = '${DATA}/canal_metadata.json', 'format' = 'canal-json', 'canal-json.database.include' = 'shop');
SELECT * FROM cd;
CREATE TABLE m (id INT, name STRING, db STRING METADATA FROM 'database' VIRTUAL, tab STRING METADATA FROM 'table' VIRTUAL, keys ARRAY<STRING> METADATA FROM 'primary-key-columns' VIRTUAL, got TIMESTAMP_LTZ(3) METADATA FROM 'ingestion-timestamp' VIRTUAL) WITH (${MESSAGES}, 'path' = '${DATA}/maxwell_metadata.json', 'format' = 'maxwell-json');
SELECT * FROM m;
CREATE TABLE o (id INT, name STRING, tab STRING METADATA FROM 'table' VIRTUAL, keys ARRAY<STRING> METADATA FROM 'primary-keys' VIRTUAL, got TIMESTAMP_LTZ(6) METADATA FROM 'ingestion-timestamp' VIRTUAL, changed TIMESTAMP_LTZ(6) METADATA FROM 'event-timestamp' VIRTUAL) WITH (${MESSAGES}, 'path' = '${DATA}/ogg_metadata.json', 'format' = 'ogg-json');
SELECT * FROM o;
SELECT id, tab FROM o WHERE changed < TO_TIMESTAMP_LTZ(0, 3);
CREATE TABLE no_such (id INT, x STRING METADATA FROM 'source.nothing' VIRTUAL) WITH (${MESSAGES}, 'path' = '${DATA}/debezium_source.json', 'format' = 'debezium-json');
SELECT * FROM no_such;
