CREATE VIEW posts AS SELECT * FROM (VALUES (1, ARRAY['sql', 'lake', 'x']), (2, ARRAY['sql']), (3, CAST(NULL AS ARRAY<STRING>)), (4, ARRAY[CAST(NULL AS STRING)])) AS t(id, tags);
SELECT id, tag FROM posts LEFT JOIN UNNEST(tags) AS t(tag) ON tag <> 'sql';
SELECT id, tag FROM posts LEFT JOIN UNNEST(tags) AS t(tag) ON CHAR_LENGTH(tag) > 1 AND tag IS NOT NULL;
SELECT id, tag FROM posts LEFT JOIN UNNEST(tags) AS t(tag) ON id < 2;
SELECT id, tag FROM posts LEFT JOIN UNNEST(tags) AS t(tag) ON id < 2 OR tag = 'sql';
SELECT id, tag FROM posts JOIN UNNEST(tags) AS t(tag) ON tag <> 'sql';
SELECT id, tag FROM posts LEFT JOIN UNNEST(tags) AS t(tag) ON FALSE;
