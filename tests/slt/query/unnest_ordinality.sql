CREATE TABLE n (id INT, tags ARRAY<STRING>, lines ARRAY<ROW<sku STRING, qty INT>>, props MAP<STRING, INT>, grid ARRAY<ARRAY<INT>>, nums ARRAY<INT>)
WITH ('connector' = 'filesystem', 'path' = '${DATA}/nested.json', 'format' = 'json');
SELECT id, t, o FROM n CROSS JOIN UNNEST(tags) WITH ORDINALITY AS u(t, o);
SELECT id, t, o FROM n LEFT JOIN UNNEST(tags) WITH ORDINALITY AS u(t, o) ON TRUE;
SELECT id, sku, qty, o FROM n CROSS JOIN UNNEST(lines) WITH ORDINALITY AS u(sku, qty, o);
SELECT id, t FROM n CROSS JOIN UNNEST(tags) WITH ORDINALITY AS u(t, o) WHERE o = 2;
SELECT id, o FROM n CROSS JOIN UNNEST(nums) WITH ORDINALITY AS u(x, o);
SELECT * FROM UNNEST(ARRAY['a', 'b']) WITH ORDINALITY;
SELECT * FROM UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS t(x, o);
SELECT id, k, v, o FROM n CROSS JOIN UNNEST(props) WITH ORDINALITY AS u(k, v, o) WHERE id > 3;
SELECT id, t FROM n CROSS JOIN UNNEST(tags) WITH ORDINALITY AS u(t);
