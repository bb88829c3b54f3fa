package forebay.compat;

import static forebay.compat.JavaClient.row;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.InternalRow;

/**
 * Writes and reads two tables while a client of another kind does the same: its part of
 * tests/compat/run's run_together, which says what must come of it.
 */
final class Together {
  private static final String NAME = "java";
  private static final long READ_MILLIS_MAX = 60_000;

  private Together() {}

  /** Arguments: bootstrap server, database, rows of each client, keys of each client. */
  public static void main(String[] arguments) throws Exception {
    int rows = Integer.parseInt(arguments[2]);
    int keys = Integer.parseInt(arguments[3]);
    try (Connection connection = JavaClient.connect(arguments[0]);
        Table events = connection.getTable(TablePath.of(arguments[1], "events"));
        Table states = connection.getTable(TablePath.of(arguments[1], "states"));
        LogScanner scanner = events.newScan().createLogScanner()) {
      AppendWriter appender = events.newAppend().createWriter();
      UpsertWriter upserter = states.newUpsert().createWriter();
      for (int bucket = 0; bucket < events.getTableInfo().getNumBuckets(); bucket++) {
        scanner.subscribeFromBeginning(bucket);
      }
      Set<String> seen = new HashSet<>();
      for (int i = 0; i < rows; i++) {
        appender.append(row(i, NAME, (long) i));
        upserter.upsert(row(2 * (i % keys), NAME, (long) i));
        if (i % 50 == 0) {
          appender.flush();
          upserter.flush();
          read(scanner, Duration.ZERO, seen);
        }
      }
      appender.flush();
      upserter.flush();
      long deadline = System.currentTimeMillis() + READ_MILLIS_MAX;
      while (seen.size() < 2 * rows && System.currentTimeMillis() < deadline) {
        read(scanner, Duration.ofMillis(200), seen);
      }
      if (seen.size() != 2 * rows) {
        throw new AssertionError("read " + seen.size() + " rows of " + 2 * rows);
      }
    }
    System.out.println("ok      " + NAME + " wrote its rows and read all");
  }

  private static void read(LogScanner scanner, Duration wait, Set<String> seen) {
    for (ScanRecord record : scanner.poll(wait)) {
      InternalRow row = record.getRow();
      if (!seen.add(row.getString(1) + " " + row.getInt(0))) {
        throw new AssertionError("twice: " + row.getString(1) + " " + row.getInt(0));
      }
    }
  }
}
