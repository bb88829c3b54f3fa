SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, CAST(NULL AS STRING))) AS t(x, y);
SELECT x, COUNT(*) AS n FROM (VALUES (1), (2), (1), (CAST(NULL AS INT))) AS t(x) GROUP BY x;
VALUES (1, 2.5), (2, 3.25);
SELECT 1 AS one_row, 'text' AS s;
SELECT * FROM (VALUES (1, 2.5), (2, 3)) AS t(a, b);
SELECT * FROM (VALUES ('a'), ('abc')) AS t(a);
