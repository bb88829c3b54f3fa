-- modes: batch
CREATE TABLE texts (id INT, s STRING, n INT) ${TABLE:texts};
INSERT INTO texts VALUES
  (1, 'https://www.example.com/abcde/fgh_j/a-piece-of-more-than-twelve/x?q=1', 1),
  (2, 'a/b/c', 2), (3, '', 0), (4, CAST(NULL AS STRING), 1), (5, '/', 1), (6, '//', 5),
  (7, 'größe/ärger/straße/😀/a text that has more than thirty-two bytes, äöü/c', 3),
  (8, 'a--b---c--', 4);
SELECT id, SPLIT_INDEX(s, '/', 3) AS d, SPLIT_INDEX(s, '/', 5) AS f, SPLIT_INDEX(s, '/', 0) AS a,
  SPLIT_INDEX(s, '/', 4) AS e, SPLIT_INDEX(s, '--', 1) AS b2, SPLIT_INDEX(s, '--', 0) AS a2,
  SPLIT_INDEX(s, '/', n) AS by_row, SPLIT_INDEX(s, '/', -1) AS no_piece, SPLIT_INDEX(s, 47, 1) AS by_code
FROM texts;
SELECT id, CASE WHEN id > 4 THEN SPLIT_INDEX(s, '/', 1) ELSE SPLIT_INDEX(s, '/', 2) END AS p,
  CHAR_LENGTH(SPLIT_INDEX(s, '/', 1)) AS l
FROM texts WHERE SPLIT_INDEX(s, '/', 0) <> 'größe' OR id < 3;
