-- modes: batch
CREATE TABLE k (a INT, b STRING, c DECIMAL(10, 2)) ${TABLE:k};
INSERT INTO k VALUES (1, 'one', 1.5), (2, 'two', 2), (3, CAST(NULL AS STRING), 3.14159);
SELECT * FROM k ORDER BY a;
INSERT INTO k (b, a) VALUES ('four', 4);
INSERT INTO k (c) VALUES (9.999);
SELECT * FROM k ORDER BY a, b;
SELECT COUNT(*) AS n, SUM(c) AS s FROM k;
