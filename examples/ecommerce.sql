-- A web shop in real time: clicks come in over HTTP, customers and products change, and every result
-- below is a table that can be queried while it is being kept up to date.
--
--   forebay demo ecommerce                     runs all of this with a real clickstream and checks the results
--   forebay sql -f examples/ecommerce.sql      creates the tables and starts the jobs in ./forebay-data
--
-- Times are event times: what happened when, whenever it arrives.

SET 'execution.runtime-mode' = 'streaming';

CREATE DATABASE IF NOT EXISTS ecommerce;
USE ecommerce;

-- ---------------------------------------------------------------------------------------------
-- Inputs
-- ---------------------------------------------------------------------------------------------

-- What visitors do. A click may arrive five seconds late. The server sinks the table into Iceberg as
-- it grows; a SELECT on it reads both parts, clicks$lake only the Iceberg one.
-- A row with the event 'heartbeat' carries time and nothing else: it lets windows close when the
-- shop is quiet, and no result counts it.
CREATE TABLE clicks (
  user_id STRING,
  session_id STRING,
  event STRING,
  product_id INT,
  platform STRING,
  channel STRING,
  ts TIMESTAMP(3),
  proctime AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'bucket.num' = '1',
  'table.datalake.enabled' = 'true',
  'table.datalake.freshness' = '2s'
);

-- Who they are; the lifecycle of a customer changes as time goes by: new, returning, loyal.
CREATE TABLE customers (
  user_id STRING,
  cohort STRING,
  channel STRING,
  lifecycle STRING,
  PRIMARY KEY (user_id) NOT ENFORCED
) WITH (
  'bucket.num' = '1',
  'table.datalake.enabled' = 'true',
  'table.datalake.freshness' = '2s'
);

-- What is sold; prices change while people click.
CREATE TABLE products (
  product_id INT,
  name STRING,
  category STRING,
  price DECIMAL(10, 2),
  PRIMARY KEY (product_id) NOT ENFORCED
) WITH ('bucket.num' = '1');

CREATE VIEW visits AS SELECT * FROM clicks WHERE event <> 'heartbeat';

-- ---------------------------------------------------------------------------------------------
-- Live sessions and activity
-- ---------------------------------------------------------------------------------------------

-- A session ends when its user is quiet for half an hour.
CREATE TABLE sessions (
  user_id STRING,
  session_start TIMESTAMP(3),
  session_end TIMESTAMP(3),
  events BIGINT,
  pages BIGINT,
  purchases BIGINT,
  converted BOOLEAN,
  PRIMARY KEY (user_id, session_start) NOT ENFORCED
);

CREATE TABLE activity_by_hour (
  hour_start TIMESTAMP(3),
  event STRING,
  platform STRING,
  events BIGINT,
  PRIMARY KEY (hour_start, event, platform) NOT ENFORCED
);

-- The last six hours, every hour.
CREATE TABLE activity_sliding (
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  platform STRING,
  events BIGINT,
  visitors BIGINT,
  PRIMARY KEY (window_start, platform) NOT ENFORCED
);

EXECUTE STATEMENT SET BEGIN
  INSERT INTO sessions
  SELECT user_id, window_start, window_end,
         COUNT(*), COUNT(DISTINCT event),
         COUNT(*) FILTER (WHERE event = 'purchase'),
         COUNT(*) FILTER (WHERE event = 'purchase') > 0
  FROM TABLE(SESSION(TABLE visits PARTITION BY user_id, DESCRIPTOR(ts), INTERVAL '30' MINUTE))
  GROUP BY user_id, window_start, window_end;

  INSERT INTO activity_by_hour
  SELECT window_start, event, platform, COUNT(*)
  FROM TABLE(TUMBLE(TABLE visits, DESCRIPTOR(ts), INTERVAL '1' HOUR))
  GROUP BY window_start, window_end, event, platform;

  INSERT INTO activity_sliding
  SELECT window_start, window_end, platform, COUNT(*), COUNT(DISTINCT user_id)
  FROM TABLE(HOP(TABLE visits, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '6' HOUR))
  GROUP BY window_start, window_end, platform;
END;

-- ---------------------------------------------------------------------------------------------
-- Incidents and fraud: behaviour beyond a rate, overall and per user
-- ---------------------------------------------------------------------------------------------

-- An hour of the shop in numbers.
CREATE VIEW hourly AS
SELECT window_time AS hour_time,
       COUNT(*) AS events,
       COUNT(*) FILTER (WHERE channel = 'organic') AS organic,
       COUNT(*) FILTER (WHERE event = 'product_view') AS product_views,
       COUNT(*) FILTER (WHERE event = 'add_to_cart') AS carts,
       COUNT(*) FILTER (WHERE event IN ('error_page', 'support_chat')) AS trouble,
       COUNT(*) FILTER (WHERE event = 'payment_details') AS payments,
       COUNT(*) FILTER (WHERE event = 'payment_error') AS payment_errors,
       COUNT(*) FILTER (WHERE event = 'shipping_details' AND platform = 'mobile') AS mobile_shippings,
       COUNT(*) FILTER (WHERE event = 'checkout_bug' AND platform = 'mobile') AS mobile_returns
FROM TABLE(TUMBLE(TABLE visits, DESCRIPTOR(ts), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, window_time;

-- The last two days, every hour. In how many hours a thing was seen says more than how often: one busy hour is no
-- incident, and a larger shop has more of everything in each hour, but no more hours.
CREATE VIEW lately AS
SELECT window_start, window_end, SUM(events) AS events, SUM(organic) AS organic, SUM(product_views) AS product_views,
       SUM(carts) AS carts, SUM(trouble) AS trouble, SUM(payments) AS payments,
       SUM(payment_errors) AS payment_errors, SUM(mobile_shippings) AS mobile_shippings,
       SUM(mobile_returns) AS mobile_returns,
       COUNT(*) FILTER (WHERE trouble > 0) AS trouble_hours,
       COUNT(*) FILTER (WHERE payment_errors > 0) AS payment_error_hours,
       COUNT(*) FILTER (WHERE mobile_returns > 0) AS mobile_return_hours
FROM TABLE(HOP(TABLE hourly, DESCRIPTOR(hour_time), INTERVAL '1' HOUR, INTERVAL '2' DAY))
GROUP BY window_start, window_end;

-- The four weeks before them: what is usual.
CREATE VIEW usually AS
SELECT window_start, window_end, SUM(events) AS events, SUM(organic) AS organic, SUM(product_views) AS product_views,
       SUM(carts) AS carts, SUM(trouble) AS trouble, SUM(payments) AS payments,
       SUM(payment_errors) AS payment_errors, SUM(mobile_shippings) AS mobile_shippings,
       SUM(mobile_returns) AS mobile_returns, COUNT(*) AS hours
FROM TABLE(HOP(TABLE hourly, DESCRIPTOR(hour_time), INTERVAL '1' HOUR, INTERVAL '28' DAY))
GROUP BY window_start, window_end;

-- Rates are compared crosswise, a / b > c / d as a * d > c * b, so that nothing is divided by zero.
CREATE VIEW incident_signals AS
SELECT l.window_end AS detected_at,
       -- Payments fail: at least one in five, and three times as often as usual.
       l.payment_error_hours >= 3
         AND l.payment_errors * 5 >= l.payments
         AND l.payment_errors * u.payments >= 3 * u.payment_errors * l.payments AS payment_gateway,
       -- The shipping page sends phones back to the cart: at least one in five, twice as often as usual.
       l.mobile_return_hours >= 3
         AND l.mobile_returns * 5 >= l.mobile_shippings
         AND l.mobile_returns * u.mobile_shippings >= 2 * u.mobile_returns * l.mobile_shippings
         AS checkout_bug,
       -- A crowd from search engines that only looks: 1.3 times the usual share of organic traffic, twice the
       -- usual share of error pages and support chats, three quarters of the usual carts per product view.
       l.trouble_hours >= 5 AND u.hours >= 100
         AND 10 * l.organic * u.events >= 13 * u.organic * l.events
         AND l.trouble * u.events >= 2 * u.trouble * l.events
         AND 4 * l.carts * u.product_views <= 3 * u.carts * l.product_views AS viral_article
FROM lately AS l JOIN usually AS u ON u.window_end = l.window_start;

-- One row for each signal and day on which it was seen, with the first and last hour of the day that showed it.
CREATE TABLE alerts (
  signal STRING,
  alert_day STRING,
  detected_at TIMESTAMP(3),
  last_seen_at TIMESTAMP(3),
  hours BIGINT,
  PRIMARY KEY (signal, alert_day) NOT ENFORCED
);

-- Users whose payment or checkout goes in circles within an hour: a stolen card being tried out, or
-- somebody who needs help.
CREATE TABLE user_alerts (
  user_id STRING,
  alert_day STRING,
  detected_at TIMESTAMP(3),
  payment_attempts BIGINT,
  payment_errors BIGINT,
  checkout_returns BIGINT,
  PRIMARY KEY (user_id, alert_day) NOT ENFORCED
);

EXECUTE STATEMENT SET BEGIN
  INSERT INTO alerts
  SELECT signal, DATE_FORMAT(detected_at, 'yyyy-MM-dd'), MIN(detected_at), MAX(detected_at), COUNT(*)
  FROM (
    SELECT 'payment_gateway' AS signal, detected_at FROM incident_signals WHERE payment_gateway
    UNION ALL
    SELECT 'checkout_bug' AS signal, detected_at FROM incident_signals WHERE checkout_bug
    UNION ALL
    SELECT 'viral_article' AS signal, detected_at FROM incident_signals WHERE viral_article
  ) AS seen
  GROUP BY signal, DATE_FORMAT(detected_at, 'yyyy-MM-dd');

  INSERT INTO user_alerts
  SELECT user_id, DATE_FORMAT(window_end, 'yyyy-MM-dd'), MIN(window_end),
         MAX(attempts), MAX(errors), MAX(bugs)
  FROM (
    SELECT user_id, window_end,
           COUNT(*) FILTER (WHERE event = 'payment_details') AS attempts,
           COUNT(*) FILTER (WHERE event = 'payment_error') AS errors,
           COUNT(*) FILTER (WHERE event = 'checkout_bug') AS bugs
    FROM TABLE(HOP(TABLE visits, DESCRIPTOR(ts), INTERVAL '15' MINUTE, INTERVAL '1' HOUR))
    WHERE event IN ('payment_details', 'payment_error', 'checkout_bug')
    GROUP BY user_id, window_start, window_end
  ) AS hours
  WHERE attempts >= 4 OR errors >= 2 OR bugs >= 2
  GROUP BY user_id, DATE_FORMAT(window_end, 'yyyy-MM-dd');
END;

-- ---------------------------------------------------------------------------------------------
-- Recommendation features, the funnel, and clicks joined with who and what
-- ---------------------------------------------------------------------------------------------

CREATE TABLE user_features (
  user_id STRING,
  events BIGINT,
  product_views BIGINT,
  carts BIGINT,
  purchases BIGINT,
  pages BIGINT,
  last_seen TIMESTAMP(3),
  PRIMARY KEY (user_id) NOT ENFORCED
);

-- The three pages each user sees most.
CREATE TABLE top_pages (
  user_id STRING,
  page_rank BIGINT,
  page STRING,
  events BIGINT,
  PRIMARY KEY (user_id, page_rank) NOT ENFORCED
);

-- How many users, by the present stage of the customer, got how far.
CREATE TABLE funnel (
  lifecycle STRING,
  users BIGINT,
  viewed BIGINT,
  carted BIGINT,
  reached_payment BIGINT,
  purchased BIGINT,
  PRIMARY KEY (lifecycle) NOT ENFORCED
);

-- Every purchase with the product's price at that moment.
CREATE TABLE orders (
  user_id STRING,
  session_id STRING,
  ts TIMESTAMP(3),
  product_id INT,
  category STRING,
  price DECIMAL(10, 2)
) WITH ('bucket.num' = '1');

EXECUTE STATEMENT SET BEGIN
  INSERT INTO user_features
  SELECT user_id, COUNT(*),
         COUNT(*) FILTER (WHERE event = 'product_view'),
         COUNT(*) FILTER (WHERE event = 'add_to_cart'),
         COUNT(*) FILTER (WHERE event = 'purchase'),
         COUNT(DISTINCT event), MAX(ts)
  FROM visits
  GROUP BY user_id;

  INSERT INTO top_pages
  SELECT user_id, page_rank, event, events
  FROM (
    SELECT user_id, event, events,
           ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY events DESC, event) AS page_rank
    FROM (SELECT user_id, event, COUNT(*) AS events FROM visits GROUP BY user_id, event) AS counted
  ) AS ranked
  WHERE page_rank <= 3;

  INSERT INTO funnel
  SELECT c.lifecycle, COUNT(*),
         COUNT(*) FILTER (WHERE u.product_views > 0),
         COUNT(*) FILTER (WHERE u.carts > 0),
         COUNT(*) FILTER (WHERE u.payments > 0),
         COUNT(*) FILTER (WHERE u.purchases > 0)
  FROM (
    SELECT user_id,
           COUNT(*) FILTER (WHERE event = 'product_view') AS product_views,
           COUNT(*) FILTER (WHERE event = 'add_to_cart') AS carts,
           COUNT(*) FILTER (WHERE event = 'payment_details') AS payments,
           COUNT(*) FILTER (WHERE event = 'purchase') AS purchases
    FROM visits
    GROUP BY user_id
  ) AS u JOIN customers AS c ON u.user_id = c.user_id
  GROUP BY c.lifecycle;

  INSERT INTO orders
  SELECT v.user_id, v.session_id, v.ts, v.product_id, p.category, p.price
  FROM visits AS v JOIN products FOR SYSTEM_TIME AS OF v.proctime AS p ON v.product_id = p.product_id
  WHERE v.event = 'purchase';
END;
