package forebay.compat.flink;

import static forebay.compat.flink.Flink.equal;
import static forebay.compat.flink.Flink.list;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.TableResult;

/** Tables that the server tiers by itself: the lake and the log as one, read by the connector. */
final class LakeCases {
  private static final int TIERED_MS_MAX = 30_000;

  private LakeCases() {}

  static void add(Map<String, FlinkClient.Case> cases) {
    cases.put("lake union read in batch", LakeCases::unionBatch);
    cases.put("lake union read in a stream", LakeCases::unionStream);
    cases.put("lake of rows by key", LakeCases::rowsByKey);
  }

  private static void create(Flink flink, String table, String freshness) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE " + table + " (id INT, name STRING, price DECIMAL(10, 2), moment TIMESTAMP(3))"
            + " WITH ('bucket.num' = '3', 'table.datalake.enabled' = 'true',"
            + " 'table.datalake.freshness' = '" + freshness + "')");
  }

  private static void insert(Flink flink, String table, int from, int to) throws Exception {
    List<String> values = new ArrayList<>();
    for (int id = from; id <= to; id++) {
      values.add("(" + id + ", 'name " + id + "', " + id + ".25, TIMESTAMP '2024-01-02 03:04:05.006')");
    }
    flink.run(flink.batch, "INSERT INTO " + table + " VALUES " + String.join(", ", values));
  }

  private static List<String> expected(int from, int to) {
    List<String> rows = new ArrayList<>();
    for (int id = from; id <= to; id++) {
      rows.add("+I[" + id + ", name " + id + ", " + id + ".25, 2024-01-02T03:04:05.006]");
    }
    Collections.sort(rows);
    return rows;
  }

  /** Waits until SQL finds so many rows in the lake part alone. */
  private static void waitForLake(Flink flink, String table, int rows) throws Exception {
    String wanted = "[[" + rows + "]]";
    long end = System.currentTimeMillis() + TIERED_MS_MAX;
    String found = "";
    while (System.currentTimeMillis() < end) {
      try {
        found = flink.sql("SELECT COUNT(*) FROM " + table + "$lake");
      } catch (AssertionError notYet) {
        found = notYet.getMessage();
      }
      if (found.equals(wanted)) {
        return;
      }
      Thread.sleep(100);
    }
    throw new AssertionError("the lake has " + found + " of " + wanted);
  }

  private static void unionBatch(Flink flink) throws Exception {
    if (!flink.hasSql()) {
      return;
    }
    create(flink, "lake_batch", "500ms");
    insert(flink, "lake_batch", 1, 20);
    waitForLake(flink, "lake_batch", 20);
    // From now on rows stay in the log.
    flink.sql("ALTER TABLE lake_batch SET ('table.datalake.freshness' = '1 h')");
    insert(flink, "lake_batch", 21, 25);
    equal(
        expected(1, 25),
        flink.sorted(flink.batch, "SELECT * FROM lake_batch", 1000),
        "the lake and the log");
    equal(
        list("+I[25, 331.25]"),
        flink.rows(flink.batch, "SELECT COUNT(*), SUM(price) FROM lake_batch", 10),
        "aggregated");
    equal(
        list("+I[name 3]"),
        flink.rows(flink.batch, "SELECT name FROM lake_batch WHERE id = 3", 10),
        "a row of the lake");
  }

  private static void unionStream(Flink flink) throws Exception {
    if (!flink.hasSql()) {
      return;
    }
    create(flink, "lake_stream", "500ms");
    insert(flink, "lake_stream", 1, 10);
    waitForLake(flink, "lake_stream", 10);
    TableResult result = flink.streaming.executeSql("SELECT * FROM lake_stream");
    try (Flink.Rows rows = new Flink.Rows(result)) {
      List<String> first = rows.next(10);
      Collections.sort(first);
      equal(expected(1, 10), first, "what is in the lake");
      insert(flink, "lake_stream", 11, 12);
      List<String> later = rows.next(2);
      Collections.sort(later);
      equal(expected(11, 12), later, "what comes later");
    }
  }

  /** The connector reads these from storage, which has all of their rows. */
  private static void rowsByKey(Flink flink) throws Exception {
    if (!flink.hasSql()) {
      return;
    }
    flink.run(
        flink.batch,
        "CREATE TABLE lake_rows (id INT NOT NULL, v STRING, PRIMARY KEY (id) NOT ENFORCED)"
            + " WITH ('bucket.num' = '2', 'table.datalake.enabled' = 'true',"
            + " 'table.datalake.freshness' = '500ms')");
    flink.run(flink.batch, "INSERT INTO lake_rows VALUES (1, 'a'), (2, 'b')");
    waitForLake(flink, "lake_rows", 2);
    flink.run(flink.batch, "INSERT INTO lake_rows VALUES (2, 'c'), (3, 'd')");
    equal(
        list("+I[2, c]"),
        flink.rows(flink.batch, "SELECT * FROM lake_rows WHERE id = 2", 10),
        "a row by its key");
    equal(
        "[[1,\"a\"],[2,\"c\"],[3,\"d\"]]",
        flink.sql("SELECT * FROM lake_rows ORDER BY id"),
        "SQL reads all");
  }
}
