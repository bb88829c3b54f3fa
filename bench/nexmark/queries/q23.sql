-- Bids with the bidder, if the bidder sells too, and what is sold: two joins.
CREATE TABLE nexmark_q23 (
  auction BIGINT, bidder BIGINT, price BIGINT, bid_dateTime TIMESTAMP(3), name VARCHAR,
  city VARCHAR, state VARCHAR, sold BIGINT, itemName VARCHAR, category BIGINT
) WITH ('connector' = 'blackhole');

INSERT INTO nexmark_q23
SELECT
  B.auction, B.bidder, B.price, B.`dateTime`, P.name, P.city, P.state, A.id, A.itemName, A.category
FROM bid AS B
JOIN person AS P ON B.bidder = P.id
JOIN auction AS A ON B.bidder = A.seller;
