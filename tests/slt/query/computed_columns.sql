CREATE TABLE c (a INT, b AS a * 2, d STRING, e AS UPPER(d) || CAST(a AS STRING)) WITH ('connector' = 'filesystem', 'path' = '${DATA}/computed.csv', 'format' = 'csv');
SELECT * FROM c;
SELECT b, e FROM c WHERE b > 2;
