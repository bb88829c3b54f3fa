package forebay.compat;

import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.KvSnapshotLease;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.admin.ProducerOffsetsResult;
import org.apache.fluss.client.admin.RegisterResult;
import org.apache.fluss.client.metadata.AcquireKvSnapshotLeaseResult;
import org.apache.fluss.client.metadata.KvSnapshots;
import org.apache.fluss.client.metadata.RemoteLogManifestInfo;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.batch.BatchScanner;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.DataTypes;
import org.apache.fluss.utils.CloseableIterator;

/**
 * Reads snapshots of rows and old log segments from remote storage through the released Java
 * client. Arguments: the bootstrap server, `before` or `after` (the server was killed in between),
 * and the server's directory of data. The server makes snapshots each second, keeps two, has small
 * segments, and brings them to remote storage each half second.
 */
public final class RemoteStorage {
  private static final String DATABASE = "compat_remote";
  private static final TablePath ROWS = TablePath.of(DATABASE, "rows");
  private static final TablePath EXPIRING = TablePath.of(DATABASE, "expiring");
  private static final TablePath LOG = TablePath.of(DATABASE, "log");
  private static final String LEASE = "compat-lease";
  private static final Duration POLL = Duration.ofMillis(200);
  private static final long DEADLINE_MS = 30_000;
  private static final int BUCKETS = 2;
  private static final int LOG_ROWS = 6_000;

  private final Connection connection;
  private final Admin admin;
  private final File data;
  private int passed;

  private RemoteStorage(String bootstrap, File data) {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", bootstrap);
    configuration.setString("client.writer.batch-timeout", "1ms");
    this.connection = ConnectionFactory.createConnection(configuration);
    this.admin = connection.getAdmin();
    this.data = data;
  }

  private interface Case {
    void run() throws Exception;
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    RemoteStorage client = new RemoteStorage(arguments[0], new File(arguments[2]));
    boolean ok = arguments[1].equals("before") ? client.before() : client.after();
    client.connection.close();
    System.out.println(client.passed + " passed");
    System.exit(ok ? 0 : 1);
  }

  private boolean before() throws Exception {
    admin.dropDatabase(DATABASE, true, true).get();
    admin.createDatabase(DATABASE, DatabaseDescriptor.EMPTY, false).get();
    boolean ok = runCase("scan of a snapshot and the changes behind it", this::snapshots);
    ok &= runCase("leases", this::leases);
    ok &= runCase("snapshot of a table whose changelog expires", this::expiring);
    ok &= runCase("numbers of rows", this::rowCounts);
    ok &= runCase("log in remote storage", this::remoteLog);
    ok &= runCase("producer offsets", this::producerOffsets);
    return ok;
  }

  private boolean after() throws Exception {
    boolean ok = runCase("scan of a snapshot after a kill", this::snapshotsAfterKill);
    ok &= runCase("leases after a kill", this::leasesAfterKill);
    ok &= runCase("expired changelog after a kill", this::expiringAfterKill);
    ok &= runCase("numbers of rows after a kill", this::rowCounts);
    ok &= runCase("log in remote storage after a kill", this::remoteLogAfterKill);
    ok &= runCase("producer offsets after a kill", this::producerOffsetsAfterKill);
    admin.dropDatabase(DATABASE, true, true).get();
    ok &= runCase("dropped tables leave nothing", this::nothingLeft);
    return ok;
  }

  private boolean runCase(String name, Case test) {
    long begin = System.currentTimeMillis();
    try {
      test.run();
      passed++;
      System.out.printf("ok      %s (%d ms)%n", name, System.currentTimeMillis() - begin);
      return true;
    } catch (Throwable error) {
      System.out.printf("FAILED  %s: %s%n", name, error);
      error.printStackTrace(System.out);
      return false;
    }
  }

  private static void equal(Object expected, Object actual, String what) {
    if (!expected.equals(actual)) {
      throw new AssertionError(what + ": expected " + expected + ", got " + actual);
    }
  }

  /** Says only what differs. */
  private static void equalRows(Map<Integer, String> expected, Map<Integer, String> actual, String what) {
    TreeSet<Integer> keys = new TreeSet<>(expected.keySet());
    keys.addAll(actual.keySet());
    keys.removeIf(key -> Objects.equals(expected.get(key), actual.get(key)));
    if (!keys.isEmpty()) {
      int first = keys.first();
      throw new AssertionError(
          what + ": " + keys.size() + " rows differ, as " + first + ": expected "
              + expected.get(first) + ", got " + actual.get(first));
    }
  }

  private static void await(String what, Condition condition) throws Exception {
    long deadline = System.currentTimeMillis() + DEADLINE_MS;
    while (!condition.holds()) {
      if (System.currentTimeMillis() > deadline) {
        throw new AssertionError("did not happen: " + what);
      }
      Thread.sleep(50);
    }
  }

  // Rows: id, name, quantity.

  private static TableDescriptor.Builder rowTable() {
    return TableDescriptor.builder()
        .schema(
            Schema.newBuilder()
                .column("id", DataTypes.INT().copy(false))
                .column("name", DataTypes.STRING())
                .column("quantity", DataTypes.BIGINT())
                .primaryKey("id")
                .build())
        .distributedBy(BUCKETS, "id");
  }

  private static GenericRow row(int id, String name, Long quantity) {
    return GenericRow.of(id, name == null ? null : BinaryString.fromString(name), quantity);
  }

  private static String text(InternalRow row) {
    String name = row.isNullAt(1) ? "null" : row.getString(1).toString();
    return name + "/" + (row.isNullAt(2) ? "null" : row.getLong(2));
  }

  private void upsert(TablePath path, int begin, int end, String name) throws Exception {
    try (Table table = connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (int id = begin; id < end; id++) {
        writer.upsert(row(id, id % 7 == 0 ? null : name + id, id % 5 == 0 ? null : id * 10L));
      }
      writer.flush();
    }
  }

  private void delete(TablePath path, int begin, int end) throws Exception {
    try (Table table = connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (int id = begin; id < end; id++) {
        writer.delete(row(id, null, null));
      }
      writer.flush();
    }
  }

  private static void put(Map<Integer, String> rows, int begin, int end, String name) {
    for (int id = begin; id < end; id++) {
      rows.put(id, (id % 7 == 0 ? "null" : name + id) + "/" + (id % 5 == 0 ? "null" : id * 10L));
    }
  }

  private Map<Integer, Long> offsets(TablePath path, OffsetSpec which) throws Exception {
    List<Integer> buckets = new ArrayList<>();
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      buckets.add(bucket);
    }
    return admin.listOffsets(path, buckets, which).all().get();
  }

  /** Waits for snapshots that have all that was written. */
  private KvSnapshots wholeSnapshots(TablePath path) throws Exception {
    Map<Integer, Long> ends = offsets(path, new OffsetSpec.LatestSpec());
    await(
        "a snapshot of all rows",
        () -> {
          KvSnapshots latest = admin.getLatestKvSnapshots(path).get();
          for (int bucket = 0; bucket < BUCKETS; bucket++) {
            if (latest.getLogOffset(bucket).orElse(-1) < ends.get(bucket)) {
              return false;
            }
          }
          return true;
        });
    return admin.getLatestKvSnapshots(path).get();
  }

  private Map<Integer, String> snapshotRows(Table table, TableBucket bucket, long snapshot)
      throws Exception {
    Map<Integer, String> rows = new TreeMap<>();
    try (BatchScanner scanner = table.newScan().createBatchScanner(bucket, snapshot)) {
      while (true) {
        CloseableIterator<InternalRow> batch = scanner.pollBatch(POLL);
        if (batch == null) {
          return rows;
        }
        while (batch.hasNext()) {
          InternalRow row = batch.next();
          if (rows.put(row.getInt(0), text(row)) != null) {
            throw new AssertionError("row " + row.getInt(0) + " is twice in the snapshot");
          }
        }
      }
    }
  }

  /** The rows of a snapshot with the changes behind it up to the log's present end. */
  private Map<Integer, String> snapshotAndChanges(TablePath path, KvSnapshots snapshots)
      throws Exception {
    Map<Integer, Long> ends = offsets(path, new OffsetSpec.LatestSpec());
    Map<Integer, String> rows = new TreeMap<>();
    try (Table table = connection.getTable(path)) {
      for (int bucket = 0; bucket < BUCKETS; bucket++) {
        TableBucket place = new TableBucket(snapshots.getTableId(), bucket);
        long id = snapshots.getSnapshotId(bucket).getAsLong();
        long offset = snapshots.getLogOffset(bucket).getAsLong();
        rows.putAll(snapshotRows(table, place, id));
        try (LogScanner scanner = table.newScan().createLogScanner()) {
          scanner.subscribe(bucket, offset);
          long deadline = System.currentTimeMillis() + DEADLINE_MS;
          while (offset < ends.get(bucket)) {
            if (System.currentTimeMillis() > deadline) {
              throw new AssertionError("changes stop at " + offset + " of " + ends.get(bucket));
            }
            for (ScanRecord record : scanner.poll(POLL)) {
              apply(rows, record);
              offset = record.logOffset() + 1;
            }
          }
        }
      }
    }
    return rows;
  }

  private static void apply(Map<Integer, String> rows, ScanRecord record) {
    if (record.getChangeType() == ChangeType.DELETE) {
      rows.remove(record.getRow().getInt(0));
    } else if (record.getChangeType() != ChangeType.UPDATE_BEFORE) {
      rows.put(record.getRow().getInt(0), text(record.getRow()));
    }
  }

  private static Map<Integer, String> expectedRows() {
    Map<Integer, String> rows = new TreeMap<>();
    put(rows, 0, 1000, "first");
    put(rows, 0, 100, "second");
    for (int id = 100; id < 150; id++) {
      rows.remove(id);
    }
    put(rows, 1000, 1050, "new");
    return rows;
  }

  private void snapshots() throws Exception {
    admin.createTable(ROWS, rowTable().build(), false).get();
    KvSnapshots none = admin.getLatestKvSnapshots(ROWS).get();
    equal(false, none.getSnapshotId(0).isPresent(), "a snapshot of an empty bucket");
    upsert(ROWS, 0, 1000, "first");
    KvSnapshots first = wholeSnapshots(ROWS);
    Map<Integer, String> expected = new TreeMap<>();
    put(expected, 0, 1000, "first");
    equalRows(expected, snapshotAndChanges(ROWS, first), "rows of the snapshot");
    upsert(ROWS, 0, 100, "second");
    delete(ROWS, 100, 150);
    upsert(ROWS, 1000, 1050, "new");
    equalRows(expectedRows(), snapshotAndChanges(ROWS, first), "rows with later changes");
  }

  private void snapshotsAfterKill() throws Exception {
    // Whatever the newest snapshot is.
    equalRows(expectedRowsAfterLeases(),
        snapshotAndChanges(ROWS, admin.getLatestKvSnapshots(ROWS).get()),
        "rows after a kill");
    upsert(ROWS, 0, 1, "late");
    Map<Integer, String> expected = expectedRowsAfterLeases();
    put(expected, 0, 1, "late");
    equalRows(expected, snapshotAndChanges(ROWS, wholeSnapshots(ROWS)), "rows of a new snapshot");
  }

  private static Map<Integer, String> expectedRowsAfterLeases() {
    Map<Integer, String> rows = expectedRows();
    put(rows, 2000, 2000 + 4 * 20, "leased");
    return rows;
  }

  private void leases() throws Exception {
    KvSnapshots held = wholeSnapshots(ROWS);
    Map<TableBucket, Long> wanted = new HashMap<>();
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      TableBucket place = new TableBucket(held.getTableId(), bucket);
      wanted.put(place, held.getSnapshotId(bucket).getAsLong());
    }
    KvSnapshotLease lease = admin.createKvSnapshotLease(LEASE, 600_000);
    AcquireKvSnapshotLeaseResult result = lease.acquireSnapshots(wanted).get();
    equal(Collections.emptyMap(), result.getUnavailableSnapshots(), "snapshots that are gone");
    TableBucket first = new TableBucket(held.getTableId(), 0);
    result = lease.acquireSnapshots(Collections.singletonMap(first, 4711L)).get();
    equal(Collections.singletonMap(first, 4711L), result.getUnavailableSnapshots(), "unknown one");
    for (int round = 0; round < 4; round++) {
      upsert(ROWS, 2000 + round * 20, 2020 + round * 20, "leased");
      wholeSnapshots(ROWS);
    }
    // Two are kept, and the leased one.
    await("old snapshots go", () -> snapshotCount(held.getTableId(), 0) == 3);
    equalRows(expectedRowsAfterLeases(), snapshotAndChanges(ROWS, held), "rows of a leased snapshot");
    lease.renew().get();
  }

  private int snapshotCount(long tableId, int bucket) throws Exception {
    return admin
        .listKvSnapshots(tableId, null)
        .get()
        .getSnapshotIdsByBucket()
        .getOrDefault(bucket, Collections.emptySet())
        .size();
  }

  private void leasesAfterKill() throws Exception {
    long tableId = admin.getTableInfo(ROWS).get().getTableId();
    wholeSnapshots(ROWS);
    equal(3, snapshotCount(tableId, 0), "snapshots, one of them leased");
    KvSnapshotLease lease = admin.createKvSnapshotLease(LEASE, 600_000);
    lease.releaseSnapshots(Collections.singleton(new TableBucket(tableId, 0))).get();
    await("a released snapshot goes", () -> snapshotCount(tableId, 0) == 2);
    equal(3, snapshotCount(tableId, 1), "snapshots of the other bucket");
    lease.dropLease().get();
    await("a dropped lease's snapshots go", () -> snapshotCount(tableId, 1) == 2);
  }

  /** The changelog's begin goes; snapshot and rest have all rows. */
  private void expiring() throws Exception {
    TableDescriptor descriptor =
        rowTable().property("table.log.ttl", "1s").build();
    admin.createTable(EXPIRING, descriptor, false).get();
    upsert(EXPIRING, 0, 1500, "old");
    wholeSnapshots(EXPIRING);
    await("the changelog's begin expires", () -> expired(EXPIRING));
    upsert(EXPIRING, 1500, 1510, "late");
    equalRows(expectedExpiring(),
        snapshotAndChanges(EXPIRING, admin.getLatestKvSnapshots(EXPIRING).get()),
        "rows whose changes have expired");
  }

  private boolean expired(TablePath path) throws Exception {
    return offsets(path, new OffsetSpec.EarliestSpec()).values().stream().allMatch(o -> o > 0);
  }

  private static Map<Integer, String> expectedExpiring() {
    Map<Integer, String> rows = new TreeMap<>();
    put(rows, 0, 1500, "old");
    put(rows, 1500, 1510, "late");
    return rows;
  }

  private void expiringAfterKill() throws Exception {
    equal(true, expired(EXPIRING), "the changelog's begin has expired");
    equalRows(expectedExpiring(),
        snapshotAndChanges(EXPIRING, admin.getLatestKvSnapshots(EXPIRING).get()),
        "rows whose changes have expired");
  }

  private void rowCounts() throws Exception {
    long rows = expectedRowsAfterLeases().size();
    equal(rows, admin.getTableStats(ROWS).get().getRowCount(), "number of rows");
    upsert(ROWS, 5000, 5010, "counted");
    upsert(ROWS, 5000, 5010, "counted again");
    equal(rows + 10, admin.getTableStats(ROWS).get().getRowCount(), "number with new rows");
    delete(ROWS, 5000, 5020);
    equal(rows, admin.getTableStats(ROWS).get().getRowCount(), "number without them");
  }

  // The log: number, text.

  private static TableDescriptor logTable() {
    return TableDescriptor.builder()
        .schema(
            Schema.newBuilder()
                .column("number", DataTypes.INT())
                .column("text", DataTypes.STRING())
                .build())
        .distributedBy(BUCKETS)
        .build();
  }

  private static String logText(int number) {
    return "row " + number + " " + Integer.toHexString(number * 0x9E3779B9);
  }

  private void append(int begin, int end) throws Exception {
    try (Table table = connection.getTable(LOG)) {
      AppendWriter writer = table.newAppend().createWriter();
      for (int number = begin; number < end; number++) {
        writer.append(GenericRow.of(number, BinaryString.fromString(logText(number))));
        if (number % 100 == 99) {
          writer.flush();
        }
      }
      writer.flush();
    }
  }

  /** All numbers from the beginning, each once and with its text. */
  private TreeSet<Integer> scanLog(int[] projection) throws Exception {
    Map<Integer, Long> ends = offsets(LOG, new OffsetSpec.LatestSpec());
    Map<Integer, Long> next = new HashMap<>();
    TreeSet<Integer> numbers = new TreeSet<>();
    try (Table table = connection.getTable(LOG);
        LogScanner scanner =
            projection == null
                ? table.newScan().createLogScanner()
                : table.newScan().project(projection).createLogScanner()) {
      for (int bucket = 0; bucket < BUCKETS; bucket++) {
        next.put(bucket, 0L);
        scanner.subscribeFromBeginning(bucket);
      }
      long deadline = System.currentTimeMillis() + DEADLINE_MS;
      while (!next.equals(ends)) {
        if (System.currentTimeMillis() > deadline) {
          throw new AssertionError("the log stops at " + next + " of " + ends);
        }
        for (Map.Entry<TableBucket, ScanRecord> entry : flat(scanner)) {
          ScanRecord record = entry.getValue();
          int bucket = entry.getKey().getBucket();
          equal(next.get(bucket), record.logOffset(), "offset in bucket " + bucket);
          next.put(bucket, record.logOffset() + 1);
          int number = record.getRow().getInt(0);
          if (projection == null) {
            equal(logText(number), record.getRow().getString(1).toString(), "text of " + number);
          }
          if (!numbers.add(number)) {
            throw new AssertionError("number " + number + " came twice");
          }
        }
      }
    }
    return numbers;
  }

  private static List<Map.Entry<TableBucket, ScanRecord>> flat(LogScanner scanner) {
    List<Map.Entry<TableBucket, ScanRecord>> all = new ArrayList<>();
    org.apache.fluss.client.table.scanner.log.ScanRecords records = scanner.poll(POLL);
    for (TableBucket bucket : records.buckets()) {
      for (ScanRecord record : records.records(bucket)) {
        all.add(Map.entry(bucket, record));
      }
    }
    return all;
  }

  /** Whether they are all below `end`. */
  private static void equalNumbers(int end, TreeSet<Integer> numbers, String what) {
    equal(end, numbers.size(), what);
    equal(end - 1, numbers.last(), what);
  }

  /** Whether the first segments of all buckets are only in remote storage. */
  private boolean beginIsRemote(long tableId) {
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      String place = "tables/" + DATABASE + "/log-" + tableId + "/" + bucket + "/log/";
      if (new File(data, place + "00000000000000000000.log").exists()) {
        return false;
      }
    }
    return true;
  }

  private void remoteLog() throws Exception {
    admin.createTable(LOG, logTable(), false).get();
    append(0, LOG_ROWS / 2);
    Thread.sleep(20);
    long middle = System.currentTimeMillis();
    Map<Integer, Long> middles = offsets(LOG, new OffsetSpec.LatestSpec());
    append(LOG_ROWS / 2, LOG_ROWS);
    long tableId = admin.getTableInfo(LOG).get().getTableId();
    await("old segments leave the disk", () -> beginIsRemote(tableId));
    equalNumbers(LOG_ROWS, scanLog(null), "numbers in the log");
    equalNumbers(LOG_ROWS, scanLog(new int[] {0}), "numbers in the projected log");
    equal(Map.of(0, 0L, 1, 0L), offsets(LOG, new OffsetSpec.EarliestSpec()), "earliest offsets");
    equal(middles, offsets(LOG, new OffsetSpec.TimestampSpec(middle)), "offsets by time");
    equal((long) LOG_ROWS, admin.getTableStats(LOG).get().getRowCount(), "number of log rows");
    List<RemoteLogManifestInfo> manifests = admin.listRemoteLogManifests(tableId, null).get();
    equal(BUCKETS, manifests.size(), "manifests");
    for (RemoteLogManifestInfo manifest : manifests) {
      equal(true, new File(manifest.getRemoteLogManifestPath()).exists(), "manifest's file");
      equal(true, manifest.getRemoteLogEndOffset() > 0, "manifest's end");
    }
  }

  private void remoteLogAfterKill() throws Exception {
    append(LOG_ROWS, LOG_ROWS + 500);
    equalNumbers(LOG_ROWS + 500, scanLog(null), "numbers in the log");
  }

  private static Map<TableBucket, Long> someOffsets() {
    return Map.of(new TableBucket(7, 0), 11L, new TableBucket(7, 3L, 1), 12L, new TableBucket(9, 0), 0L);
  }

  private void producerOffsets() throws Exception {
    admin.deleteProducerOffsets("compat-job").get();
    equal(
        RegisterResult.CREATED,
        admin.registerProducerOffsets("compat-job", someOffsets()).get(),
        "first registration");
    equal(
        RegisterResult.ALREADY_EXISTS,
        admin.registerProducerOffsets("compat-job", Map.of(new TableBucket(7, 0), 99L)).get(),
        "second registration");
    checkProducerOffsets();
    equal(true, admin.getProducerOffsets("nobody").get() == null, "nobody's offsets");
  }

  private void checkProducerOffsets() throws Exception {
    ProducerOffsetsResult result = admin.getProducerOffsets("compat-job").get();
    Map<TableBucket, Long> all = new HashMap<>();
    result.getTableOffsets().values().forEach(all::putAll);
    equal(someOffsets(), all, "offsets");
    long left = result.getExpirationTime() - System.currentTimeMillis();
    equal(true, left > 23 * 3600_000L && left <= 24 * 3600_000L, "a day until they expire");
  }

  private void producerOffsetsAfterKill() throws Exception {
    checkProducerOffsets();
    admin.deleteProducerOffsets("compat-job").get();
    equal(true, admin.getProducerOffsets("compat-job").get() == null, "offsets after removal");
  }

  private void nothingLeft() throws Exception {
    for (String kind : new String[] {"kv", "log"}) {
      File folder = new File(data, "../remote/" + kind + "/" + DATABASE);
      String[] left = folder.list();
      equal(0, left == null ? 0 : left.length, "tables left in " + folder);
    }
  }
}
