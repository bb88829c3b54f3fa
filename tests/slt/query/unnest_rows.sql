CREATE TABLE n (id INT, tags ARRAY<STRING>, lines ARRAY<ROW<sku STRING, qty INT>>, props MAP<STRING, INT>, grid ARRAY<ARRAY<INT>>, nums ARRAY<INT>)
WITH ('connector' = 'filesystem', 'path' = '${DATA}/nested.json', 'format' = 'json');
SELECT id, sku, qty FROM n CROSS JOIN UNNEST(lines) AS l(sku, qty);
SELECT id, sku, qty FROM n CROSS JOIN UNNEST(lines);
SELECT id, sku, qty FROM n LEFT JOIN UNNEST(lines) AS l(sku, qty) ON TRUE;
SELECT n.id, l.* FROM n CROSS JOIN UNNEST(lines) AS l;
SELECT l.qty FROM n CROSS JOIN UNNEST(lines) AS l(sku, qty) WHERE l.sku = 'x';
SELECT sku, SUM(qty) AS total, COUNT(*) AS c FROM n CROSS JOIN UNNEST(lines) AS l(sku, qty) GROUP BY sku;
SELECT id, k, v FROM n CROSS JOIN UNNEST(props) AS p(k, v);
SELECT id, k, v FROM n LEFT JOIN UNNEST(props) AS p(k, v) ON TRUE;
SELECT id, p.* FROM n CROSS JOIN UNNEST(props) AS p;
SELECT id, v FROM n CROSS JOIN UNNEST(props) AS p(k, v) WHERE k = 'k';
SELECT id, a, b FROM (VALUES (1, ARRAY[ROW(1, 'x'), ROW(2, 'y')]), (2, ARRAY[ROW(3, 'z')])) AS t(id, r) CROSS JOIN UNNEST(r) AS u(a, b);
SELECT id, x FROM n CROSS JOIN UNNEST(lines) AS l(x);
SELECT id, x FROM n CROSS JOIN UNNEST(props) AS l(x);
SELECT t.id, a, b, c FROM (VALUES (1, ARRAY[ROW(1, ROW('x', 2))])) AS t(id, r) CROSS JOIN UNNEST(r) AS u(a, n), (VALUES (5)) AS v(c), UNNEST(ARRAY[n.f0]) AS w(b);
SELECT id, a, n FROM (VALUES (1, ARRAY[ROW(1, ROW('x', 2))])) AS t(id, r) CROSS JOIN UNNEST(r) AS u(a, n);
