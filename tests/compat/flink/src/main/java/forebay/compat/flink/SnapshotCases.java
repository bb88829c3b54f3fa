package forebay.compat.flink;

import static forebay.compat.flink.Flink.equal;
import static forebay.compat.flink.Flink.list;

import java.util.Map;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.metadata.KvSnapshots;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.TablePath;

/**
 * Primary-key tables that are read from a snapshot in remote storage, then from the changelog. The
 * server must make one every few seconds.
 */
final class SnapshotCases {
  private static final int BUCKETS = 2;
  private static final long DEADLINE_MS = 30_000;

  private SnapshotCases() {}

  static void add(Map<String, FlinkClient.Case> cases) {
    cases.put("rows of a snapshot and their changes", SnapshotCases::rows);
  }

  private static void rows(Flink flink) throws Exception {
    flink.run(
        flink.batch,
        "CREATE TABLE snapshotted (id INT NOT NULL, name STRING, PRIMARY KEY (id) NOT ENFORCED)"
            + " WITH ('bucket.num' = '" + BUCKETS + "')");
    // Enough keys that both buckets have some.
    StringBuilder values = new StringBuilder();
    for (int id = 1; id <= 20; id++) {
      values.append(id == 1 ? "" : ", ").append("(").append(id).append(", 'old')");
    }
    flink.run(flink.batch, "INSERT INTO snapshotted VALUES " + values);
    flink.run(flink.batch, "INSERT INTO snapshotted VALUES (1, 'new'), (2, 'new')");
    flink.run(flink.batch, "DELETE FROM snapshotted WHERE id = 3");
    awaitSnapshots(flink.bootstrap);
    String query = "SELECT id, name FROM snapshotted WHERE id <= 4";
    try (Flink.Rows rows = new Flink.Rows(flink.streaming.executeSql(query))) {
      // Read from the changelog's begin, these rows would come with their history.
      equal(
          list("+I[1, new]", "+I[2, new]", "+I[4, old]"),
          rows.next(3).stream().sorted().toList(),
          "the snapshot's rows");
      flink.run(flink.batch, "INSERT INTO snapshotted VALUES (4, 'late')");
      equal(list("-U[4, old]", "+U[4, late]"), rows.next(2), "a later change");
    }
  }

  /** Until all that was written is in snapshots. */
  private static void awaitSnapshots(String bootstrap) throws Exception {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", bootstrap);
    TablePath path = TablePath.of(Flink.DATABASE, "snapshotted");
    long deadline = System.currentTimeMillis() + DEADLINE_MS;
    try (Connection connection = ConnectionFactory.createConnection(configuration)) {
      while (changesIn(connection.getAdmin().getLatestKvSnapshots(path).get()) < 20 + 2 * 2 + 1) {
        if (System.currentTimeMillis() > deadline) {
          throw new AssertionError("no snapshot of all rows was made");
        }
        Thread.sleep(100);
      }
    }
  }

  private static long changesIn(KvSnapshots snapshots) {
    long changes = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      changes += snapshots.getLogOffset(bucket).orElse(0);
    }
    return changes;
  }
}
