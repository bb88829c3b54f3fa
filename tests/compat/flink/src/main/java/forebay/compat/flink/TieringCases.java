package forebay.compat.flink;

import static forebay.compat.flink.Flink.equal;
import static forebay.compat.flink.Flink.list;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.TableResult;
import org.apache.fluss.flink.tiering.FlussLakeTieringEntrypoint;

/**
 * Fluss's own tiering service, a Flink job in this process, brings the tables of a server to the
 * lake that leaves this to it ("lake.tiering": "fluss").
 */
final class TieringCases {
  private static final int TIERED_MS_MAX = 60_000;
  private static final String TIERED =
      "'table.datalake.enabled' = 'true', 'table.datalake.freshness' = '1s'";

  private TieringCases() {}

  static void add(Map<String, FlinkClient.Case> cases) {
    cases.put("tiering service starts", TieringCases::start);
    cases.put("tiering service: log", TieringCases::log);
    cases.put("tiering service: bucket key", TieringCases::bucketKey);
    cases.put("tiering service: partitions", TieringCases::partitions);
    cases.put("tiering service: rows", TieringCases::rows);
  }

  private static void start(Flink flink) throws Exception {
    FlussLakeTieringEntrypoint.main(
        new String[] {
          "--fluss.bootstrap.servers", flink.bootstrap,
          "--fluss.tiering.poll.table.interval", "300ms",
          "--datalake.format", "iceberg",
          "--datalake.iceberg.type", "rest",
          "--datalake.iceberg.uri", flink.catalogUri()
        });
  }

  /** Waits until the server's SQL, or Flink, finds this in the lake. */
  private static void await(FlinkClient.Check check) throws Exception {
    long end = System.currentTimeMillis() + TIERED_MS_MAX;
    while (true) {
      try {
        check.run();
        return;
      } catch (Exception | AssertionError notYet) {
        if (System.currentTimeMillis() > end) {
          throw notYet;
        }
      }
      Thread.sleep(200);
    }
  }

  private static void log(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE tier_log (id INT, price DECIMAL(10, 2), moment TIMESTAMP(3)) WITH ('bucket.num' = '3', "
            + TIERED + ")");
    String time = "TIMESTAMP '2024-01-02 03:04:05.006'";
    flink.run(
        flink.batch, "INSERT INTO tier_log VALUES (1, 1.25, " + time + "), (2, 2.25, " + time + ")");
    await(() -> equal("[[2,1,3]]", lakeSums(flink), "in the lake"));
    flink.run(flink.batch, "INSERT INTO tier_log VALUES (3, 3.25, " + time + ")");
    await(() -> equal("[[3,1,6]]", lakeSums(flink), "once each in the lake"));
    flink.sql("INSERT INTO tier_log VALUES (4, 4.25, " + time + ")");
    equal("[[4,10]]", flink.sql("SELECT COUNT(*), SUM(id) FROM tier_log"), "by the server's SQL");
    equal(
        list(
            "+I[1, 1.25, 2024-01-02T03:04:05.006]", "+I[2, 2.25, 2024-01-02T03:04:05.006]",
            "+I[3, 3.25, 2024-01-02T03:04:05.006]", "+I[4, 4.25, 2024-01-02T03:04:05.006]"),
        flink.sorted(flink.batch, "SELECT * FROM tier_log", 100),
        "by the connector");
  }

  private static String lakeSums(Flink flink) throws Exception {
    return flink.sql("SELECT COUNT(*), MIN(id), SUM(id) FROM tier_log$lake");
  }

  private static void bucketKey(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE tier_keyed (id BIGINT, name STRING) WITH ('bucket.num' = '4', 'bucket.key' = 'id', "
            + TIERED + ")");
    flink.run(flink.batch, "INSERT INTO tier_keyed VALUES (1, 'a'), (2, 'b'), (30, 'c'), (400, 'd')");
    await(
        () ->
            equal(
                "[[1,\"a\"],[2,\"b\"],[30,\"c\"],[400,\"d\"]]",
                flink.sql("SELECT id, name FROM tier_keyed$lake ORDER BY id"),
                "in the lake"));
    flink.run(flink.batch, "INSERT INTO tier_keyed VALUES (5, 'e')");
    equal(
        list("+I[1, a]", "+I[2, b]", "+I[30, c]", "+I[400, d]", "+I[5, e]"),
        flink.sorted(flink.batch, "SELECT * FROM tier_keyed", 100),
        "the lake and the log");
  }

  private static void partitions(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE tier_parts (id INT, dt STRING) PARTITIONED BY (dt) WITH ('bucket.num' = '1', "
            + TIERED + ")");
    flink.run(flink.batch, "INSERT INTO tier_parts VALUES (1, 'mon'), (2, 'tue'), (3, 'tue')");
    await(
        () ->
            equal(
                "[[1,\"mon\"],[2,\"tue\"],[3,\"tue\"]]",
                flink.sql("SELECT id, dt FROM tier_parts$lake ORDER BY id"),
                "in the lake"));
    flink.run(flink.batch, "INSERT INTO tier_parts VALUES (4, 'wed')");
    equal(
        "[[1,\"mon\"],[2,\"tue\"],[3,\"tue\"],[4,\"wed\"]]",
        flink.sql("SELECT id, dt FROM tier_parts ORDER BY id"),
        "by the server's SQL");
    equal(
        list("+I[1, mon]", "+I[2, tue]", "+I[3, tue]", "+I[4, wed]"),
        flink.sorted(flink.batch, "SELECT * FROM tier_parts", 100),
        "by the connector");
  }

  private static void rows(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE tier_rows (id INT NOT NULL, v STRING, PRIMARY KEY (id) NOT ENFORCED)"
            + " WITH ('bucket.num' = '2', " + TIERED + ")");
    flink.run(flink.batch, "INSERT INTO tier_rows VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    await(() -> equal(list("+I[1, a]", "+I[2, b]", "+I[3, c]"), lakeRows(flink), "in the lake"));
    flink.run(flink.batch, "INSERT INTO tier_rows VALUES (2, 'B')");
    flink.run(flink.batch, "DELETE FROM tier_rows WHERE id = 1");
    await(() -> equal(list("+I[2, B]", "+I[3, c]"), lakeRows(flink), "changed in the lake"));
    TableResult result = flink.streaming.executeSql("SELECT * FROM tier_rows");
    try (Flink.Rows rows = new Flink.Rows(result)) {
      List<String> first = rows.next(2);
      Collections.sort(first);
      equal(list("+I[2, B]", "+I[3, c]"), first, "the lake's rows");
      flink.run(flink.batch, "INSERT INTO tier_rows VALUES (3, 'C')");
      equal(list("-U[3, c]", "+U[3, C]"), rows.next(2), "what comes later");
    }
    equal("[[2,\"B\"],[3,\"C\"]]", flink.sql("SELECT * FROM tier_rows ORDER BY id"), "by the server's SQL");
  }

  private static List<String> lakeRows(Flink flink) throws Exception {
    return flink.sorted(flink.batch, "SELECT id, v FROM tier_rows$lake", 100);
  }
}
