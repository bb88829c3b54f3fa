package forebay.bench;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.InternalRow;

/**
 * Measures a Fluss server through the Java client: one line of JSON a measure. Arguments: bootstrap
 * server, the process ids of the servers with commas, rows, and the measures' names. Every measure
 * is run before on fewer rows, which does not count, and its results are checked.
 */
public final class ClientBench {
  private static final String DATABASE = "client_bench";
  private static final int LATENCY_PER_SECOND = 200;
  private static final int LATENCY_SECONDS = 10;
  private static final int LOOKUPS_IN_FLIGHT = 1024;
  private static final int WARM_UP_PART = 4;

  private final Connection connection;
  private final Admin admin;
  private final List<String> servers;
  private final long rows;
  private final AtomicReference<Throwable> error = new AtomicReference<>();

  private ClientBench(Connection connection, List<String> servers, long rows) {
    this.connection = connection;
    this.admin = connection.getAdmin();
    this.servers = servers;
    this.rows = rows;
  }

  public static void main(String[] arguments) throws Exception {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", arguments[0]);
    List<String> measures = Arrays.asList(arguments).subList(3, arguments.length);
    if (measures.contains("latency")) {
      configuration.setString("client.writer.batch-timeout", "1ms");
    }
    try (Connection connection = ConnectionFactory.createConnection(configuration)) {
      List<String> servers = Arrays.asList(arguments[1].split(","));
      ClientBench bench = new ClientBench(connection, servers, Long.parseLong(arguments[2]));
      bench.admin.createDatabase(DATABASE, DatabaseDescriptor.EMPTY, true).get();
      for (String measure : measures) {
        bench.measure(measure);
      }
    }
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private void measure(String name) throws Exception {
    switch (name) {
      case "append-1":
        append(name, 1);
        break;
      case "append-4":
        append(name, 4);
        break;
      case "scan-8":
        scan(name, null);
        break;
      case "scan-1":
        scan(name, new int[] {0});
        break;
      case "upsert":
        upsert();
        break;
      case "lookup":
        lookup();
        break;
      case "latency":
        latency();
        break;
      default:
        throw new IllegalArgumentException("no such measure: " + name);
    }
  }

  private Table create(String name, int buckets, boolean keyed) throws Exception {
    TablePath path = TablePath.of(DATABASE, name);
    admin.dropTable(path, true).get();
    TableDescriptor.Builder builder = TableDescriptor.builder().schema(Rows.schema(keyed));
    builder = keyed ? builder.distributedBy(buckets, "id") : builder.distributedBy(buckets);
    admin.createTable(path, builder.build(), false).get();
    Thread.sleep(2000); // a new table's buckets need a moment in the real server
    return connection.getTable(path);
  }

  private void failed(Object result, Throwable thrown) {
    if (thrown != null) {
      error.compareAndSet(null, thrown);
    }
  }

  private void check(boolean right, String what) throws Exception {
    if (error.get() != null) {
      throw new IllegalStateException("a request failed", error.get());
    }
    if (!right) {
      throw new IllegalStateException("wrong: " + what);
    }
  }

  private void append(String name, int buckets) throws Exception {
    for (long count : new long[] {rows / WARM_UP_PART, rows}) {
      try (Table table = create("log_" + buckets, buckets, false)) {
        AppendWriter writer = table.newAppend().createWriter();
        Meter meter = new Meter(servers);
        for (long i = 0; i < count; i++) {
          writer.append(Rows.row(i, i)).whenComplete(this::failed);
        }
        writer.flush();
        meter.stop(name, count);
        check(true, name);
        if (count == rows) {
          meter.print();
        }
      }
    }
  }

  /** Of the rows that `append-1` has left. */
  private void scan(String name, int[] columns) throws Exception {
    try (Table table = connection.getTable(TablePath.of(DATABASE, "log_1"))) {
      for (int turn = 0; turn < 2; turn++) {
        Meter meter = new Meter(servers);
        long sum = scanAll(table, columns);
        meter.stop(name, rows);
        check(sum == rows * (rows - 1) / 2, "sum of ids " + sum);
        if (turn == 1) {
          meter.print();
        }
      }
    }
  }

  private long scanAll(Table table, int[] columns) throws Exception {
    long sum = 0;
    long bytes = 0;
    try (LogScanner scanner =
        columns == null
            ? table.newScan().createLogScanner()
            : table.newScan().project(columns).createLogScanner()) {
      scanner.subscribeFromBeginning(0);
      for (long count = 0; count < rows; ) {
        for (ScanRecord record : scanner.poll(Duration.ofMillis(500))) {
          InternalRow row = record.getRow();
          count++;
          sum += row.getLong(0);
          if (columns == null) {
            bytes += row.getInt(4) + row.getString(6).getSizeInBytes();
          }
        }
      }
    }
    return bytes < 0 ? bytes : sum;
  }

  /** `rows` upserts: a first load of half as many keys, then an update of each. */
  private void upsert() throws Exception {
    long keys = rows / 2;
    upsertAll("warm_up", keys / WARM_UP_PART, false);
    upsertAll("rows", keys, true);
  }

  private void upsertAll(String name, long keys, boolean print) throws Exception {
    try (Table table = create(name, 1, true)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (String measure : new String[] {"upsert-load", "upsert-update"}) {
        int version = measure.equals("upsert-load") ? 0 : 1;
        Meter meter = new Meter(servers);
        for (long i = 0; i < keys; i++) {
          long key = Rows.shuffled(i, keys);
          writer.upsert(Rows.row(key, key + version)).whenComplete(this::failed);
        }
        writer.flush();
        meter.stop(measure, keys);
        check(true, measure);
        if (print) {
          meter.print();
        }
      }
    }
  }

  /** In the rows that `upsert` has left. */
  private void lookup() throws Exception {
    long keys = rows / 2;
    try (Table table = connection.getTable(TablePath.of(DATABASE, "rows"))) {
      Lookuper lookuper = table.newLookup().createLookuper();
      for (int count : new int[] {(int) (keys / WARM_UP_PART), (int) keys}) {
        Semaphore free = new Semaphore(LOOKUPS_IN_FLIGHT);
        AtomicLong hits = new AtomicLong();
        long[] nanos = new long[count];
        Meter meter = new Meter(servers);
        for (int i = 0; i < count; i++) {
          int number = i;
          long key = Rows.shuffled(i, keys);
          free.acquire();
          long begin = System.nanoTime();
          lookuper
              .lookup(Rows.key(key))
              .whenComplete(
                  (result, thrown) -> {
                    failed(result, thrown);
                    nanos[number] = System.nanoTime() - begin;
                    if (thrown == null && result.getSingletonRow().getLong(0) == key) {
                      hits.incrementAndGet();
                    }
                    free.release();
                  });
        }
        free.acquire(LOOKUPS_IN_FLIGHT);
        meter.stop("lookup", count);
        check(hits.get() == count, hits + " of " + count + " rows were found");
        if (count == keys) {
          percentiles(meter, "latency", nanos).print();
        }
      }
    }
  }

  private static Meter percentiles(Meter meter, String name, long[] nanos) {
    Arrays.sort(nanos);
    meter.put(name + "_p50_ms", nanos[nanos.length / 2] / 1e6);
    return meter.put(name + "_p99_ms", nanos[(int) (nanos.length * 0.99)] / 1e6);
  }

  private void latency() throws Exception {
    try (Table table = create("latency", 1, false);
        LogScanner scanner = table.newScan().createLogScanner()) {
      scanner.subscribeFromBeginning(0);
      int warmUp = LATENCY_PER_SECOND * LATENCY_SECONDS / 2;
      latencyRun(table, scanner, warmUp);
      latencyRun(table, scanner, LATENCY_PER_SECOND * LATENCY_SECONDS).print();
    }
  }

  /** Appends at a steady pace while another thread polls; a row's id is when it was sent. */
  private Meter latencyRun(Table table, LogScanner scanner, int count) throws Exception {
    long[] acked = new long[count];
    long[] polled = new long[count];
    Thread reader =
        new Thread(
            () -> {
              for (int i = 0; i < count; ) {
                for (ScanRecord record : scanner.poll(Duration.ofMillis(200))) {
                  polled[i++] = System.nanoTime() - record.getRow().getLong(0);
                }
              }
            });
    reader.start();
    AppendWriter writer = table.newAppend().createWriter();
    Meter meter = new Meter(servers);
    long begin = System.nanoTime();
    for (int i = 0; i < count; i++) {
      int number = i;
      long due = begin + i * TimeUnit.SECONDS.toNanos(1) / LATENCY_PER_SECOND;
      for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
        LockSupport.parkNanos(due - now);
      }
      long sent = System.nanoTime();
      writer
          .append(Rows.row(sent, i))
          .whenComplete(
              (result, thrown) -> {
                failed(result, thrown);
                acked[number] = System.nanoTime() - sent;
              });
    }
    writer.flush();
    reader.join(TimeUnit.SECONDS.toMillis(30));
    check(!reader.isAlive(), "not every row was read");
    meter.stop("latency", count);
    percentiles(meter, "ack", acked);
    return percentiles(meter, "poll", polled);
  }
}
