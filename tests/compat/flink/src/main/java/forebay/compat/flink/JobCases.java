package forebay.compat.flink;

import static forebay.compat.flink.Flink.equal;
import static forebay.compat.flink.Flink.list;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.functions.ScalarFunction;

/** Jobs that go on: from table to table, failed once and restored from a checkpoint. */
final class JobCases {
  private static final int BEFORE = 50;
  private static final int AFTER = 100;
  private static final int POISON = 70;
  private static final long DEADLINE_MS = 60_000;

  private JobCases() {}

  static void add(Map<String, FlinkClient.Case> cases, Path checkpoints) {
    cases.put("aggregate from table to table", JobCases::aggregate);
    cases.put("failed and restored job", flink -> restored(flink, checkpoints));
    cases.put("exactly once into sums", flink -> exactlyOnce(flink, checkpoints));
  }

  /** Passes a number on, but fails once, at POISON; counts what it saw before and after. */
  public static final class FailsOnce extends ScalarFunction {
    static final AtomicInteger failures = new AtomicInteger();
    static final AtomicInteger oldRowsSeenAgain = new AtomicInteger();

    public Integer eval(Integer value) {
      if (value == POISON && failures.compareAndSet(0, 1)) {
        throw new IllegalStateException("fails once");
      }
      if (failures.get() > 0 && value < BEFORE) {
        oldRowsSeenAgain.incrementAndGet();
      }
      return value;
    }
  }

  private static void aggregate(Flink flink) throws Exception {
    flink.run(flink.batch, "CREATE TABLE sales (shop STRING, amount BIGINT) WITH ('bucket.num' = '2')");
    flink.run(
        flink.batch,
        "CREATE TABLE totals (shop STRING NOT NULL, n BIGINT NOT NULL, total BIGINT,"
            + " PRIMARY KEY (shop) NOT ENFORCED)");
    flink.run(flink.batch, "INSERT INTO sales VALUES ('a', 1), ('b', 2), ('a', 3)");
    TableResult job =
        flink.streaming.executeSql(
            "INSERT INTO totals SELECT shop, COUNT(*), SUM(amount) FROM sales GROUP BY shop");
    try {
      waitForRows(flink, "totals", list("+I[a, 2, 4]", "+I[b, 1, 2]"));
      flink.run(flink.batch, "INSERT INTO sales VALUES ('b', 10), ('c', 5)");
      waitForRows(flink, "totals", list("+I[a, 2, 4]", "+I[b, 2, 12]", "+I[c, 1, 5]"));
    } finally {
      job.getJobClient().get().cancel().get(20, TimeUnit.SECONDS);
    }
  }

  private static void restored(Flink flink, Path checkpoints) throws Exception {
    flink.run(flink.batch, "CREATE TABLE input (id INT) WITH ('bucket.num' = '2')");
    flink.run(
        flink.batch,
        "CREATE TABLE output (id INT NOT NULL, v STRING, PRIMARY KEY (id) NOT ENFORCED)"
            + " WITH ('bucket.num' = '2')");
    flink.streaming.createTemporarySystemFunction("FAILS_ONCE", FailsOnce.class);
    insertRange(flink, "input", 0, BEFORE);
    TableResult job =
        flink.streaming.executeSql(
            "INSERT INTO output SELECT FAILS_ONCE(id), 'row ' || CAST(id AS STRING) FROM input");
    try {
      waitForRows(flink, "output", outputRows(BEFORE));
      waitForCheckpoint(checkpoints);
      insertRange(flink, "input", BEFORE, AFTER);
      waitForRows(flink, "output", outputRows(AFTER));
      equal(1, FailsOnce.failures.get(), "failures");
      equal(0, FailsOnce.oldRowsSeenAgain.get(), "rows before the checkpoint that were read again");
    } finally {
      job.getJobClient().get().cancel().get(20, TimeUnit.SECONDS);
    }
    equal(
        list("+I[" + AFTER + "]"),
        flink.rows(flink.batch, "SELECT COUNT(*) FROM input", 10),
        "rows of the input");
  }

  /**
   * Sums in a table that adds up what it is given: what the failed job wrote after its last
   * checkpoint has to be undone before it is written again.
   */
  private static void exactlyOnce(Flink flink, Path checkpoints) throws Exception {
    FailsOnce.failures.set(0);
    FailsOnce.oldRowsSeenAgain.set(0);
    flink.run(flink.batch, "CREATE TABLE input_of_sums (id INT)");
    flink.run(
        flink.batch,
        "CREATE TABLE sums_once (k INT NOT NULL, n BIGINT, total BIGINT, PRIMARY KEY (k) NOT ENFORCED)"
            + " WITH ('bucket.num' = '2', 'table.merge-engine' = 'aggregation',"
            + " 'fields.n.agg' = 'sum', 'fields.total.agg' = 'sum')");
    flink.streaming.createTemporarySystemFunction("FAILS_ONCE_TOO", FailsOnce.class);
    insertRange(flink, "input_of_sums", 0, BEFORE);
    TableResult job =
        flink.streaming.executeSql(
            "INSERT INTO sums_once SELECT MOD(id, 5), CAST(1 AS BIGINT),"
                + " CAST(FAILS_ONCE_TOO(id) AS BIGINT) FROM input_of_sums");
    try {
      waitForRows(flink, "sums_once", sums(BEFORE));
      waitForCheckpoint(checkpoints);
      insertRange(flink, "input_of_sums", BEFORE, AFTER);
      waitForRows(flink, "sums_once", sums(AFTER));
      equal(1, FailsOnce.failures.get(), "failures");
      equal(0, FailsOnce.oldRowsSeenAgain.get(), "rows before the checkpoint that were read again");
    } finally {
      job.getJobClient().get().cancel().get(20, TimeUnit.SECONDS);
    }
    equal(sums(AFTER), flink.sorted(flink.batch, "SELECT * FROM sums_once LIMIT 10", 10), "at last");
  }

  private static List<String> sums(int end) {
    List<String> rows = new ArrayList<>();
    for (int k = 0; k < 5; k++) {
      int key = k;
      int total = IntStream.range(0, end).filter(id -> id % 5 == key).sum();
      rows.add("+I[" + k + ", " + end / 5 + ", " + total + "]");
    }
    return rows;
  }

  private static void insertRange(Flink flink, String table, int first, int end) throws Exception {
    String rows =
        IntStream.range(first, end).mapToObj(id -> "(" + id + ")").collect(Collectors.joining(", "));
    flink.run(flink.batch, "INSERT INTO " + table + " VALUES " + rows);
  }

  private static List<String> outputRows(int end) {
    List<String> rows = new ArrayList<>();
    for (int id = 0; id < end; id++) {
      rows.add("+I[" + id + ", row " + id + "]");
    }
    Collections.sort(rows);
    return rows;
  }

  private static void waitForRows(Flink flink, String table, List<String> expected)
      throws Exception {
    long deadline = System.currentTimeMillis() + DEADLINE_MS;
    List<String> rows = null;
    while (!expected.equals(rows)) {
      if (System.currentTimeMillis() > deadline) {
        equal(expected, rows, table);
      }
      rows = flink.sorted(flink.batch, "SELECT * FROM " + table + " LIMIT 1000", 1000);
    }
  }

  /** Until one more has been completed than there are now. */
  private static void waitForCheckpoint(Path checkpoints) throws Exception {
    long deadline = System.currentTimeMillis() + DEADLINE_MS;
    long before = System.currentTimeMillis();
    while (newest(checkpoints) <= before + 1000) {
      if (System.currentTimeMillis() > deadline) {
        throw new AssertionError("no checkpoint");
      }
      Thread.sleep(50);
    }
  }

  private static long newest(Path checkpoints) throws Exception {
    try (Stream<Path> files = Files.walk(checkpoints)) {
      return files
          .filter(path -> path.getFileName().toString().equals("_metadata"))
          .mapToLong(path -> path.toFile().lastModified())
          .max()
          .orElse(0);
    } catch (java.io.UncheckedIOException removed) {
      return 0; // An old one went away meanwhile.
    }
  }
}
