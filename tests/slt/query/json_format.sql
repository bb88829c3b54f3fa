CREATE TABLE j (id INT, name STRING, price DECIMAL(6, 2), tags ARRAY<STRING>, props MAP<STRING, INT>, pos ROW<x DOUBLE, y DOUBLE>, ts TIMESTAMP(3), ok BOOLEAN)
WITH ('connector' = 'filesystem', 'path' = '${DATA}/rows.json', 'format' = 'json');
SELECT * FROM j;
SELECT id, tags[1] AS t, props['a'] AS a, pos.x AS x, CARDINALITY(tags) AS n FROM j;
SELECT id, t FROM j CROSS JOIN UNNEST(tags) AS u(t);
SELECT id, k, v FROM j CROSS JOIN UNNEST(props) AS u(k, v);
