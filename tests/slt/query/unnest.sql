SELECT id, x FROM (VALUES (1, ARRAY[1, 2]), (2, ARRAY[3])) AS t(id, a) CROSS JOIN UNNEST(a) AS u(x);
SELECT id, k, v FROM (VALUES (1, MAP['a', 1, 'b', 2])) AS t(id, m) CROSS JOIN UNNEST(m) AS u(k, v);
