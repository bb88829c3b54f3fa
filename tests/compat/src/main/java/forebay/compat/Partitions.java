package forebay.compat;

import static forebay.compat.JavaClient.equal;
import static forebay.compat.JavaClient.failure;
import static forebay.compat.JavaClient.read;
import static forebay.compat.JavaClient.row;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.batch.BatchScanner;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.PartitionInfo;
import org.apache.fluss.metadata.PartitionSpec;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.DataTypes;
import org.apache.fluss.utils.CloseableIterator;

/** Partitioned tables: logs and rows. */
final class Partitions {
  private final JavaClient client;

  Partitions(JavaClient client) {
    this.client = client;
  }

  Map<String, JavaClient.Case> cases() {
    Map<String, JavaClient.Case> cases = new LinkedHashMap<>();
    cases.put("partitions", this::admin);
    cases.put("partitioned log", this::log);
    cases.put("partitioned rows", this::rows);
    cases.put("partition by several keys", this::severalKeys);
    return cases;
  }

  private TablePath create(String name, Schema schema, int buckets, String... keys)
      throws Exception {
    client.admin.createDatabase(JavaClient.DATABASE, DatabaseDescriptor.EMPTY, true).get();
    TablePath path = TablePath.of(JavaClient.DATABASE, name);
    client
        .admin
        .createTable(
            path,
            TableDescriptor.builder()
                .schema(schema)
                .partitionedBy(keys)
                .distributedBy(buckets)
                .build(),
            false)
        .get();
    return path;
  }

  private static Schema logSchema() {
    return Schema.newBuilder()
        .column("id", DataTypes.INT())
        .column("day", DataTypes.STRING())
        .column("hour", DataTypes.INT())
        .build();
  }

  private static Schema rowSchema() {
    return Schema.newBuilder()
        .column("id", DataTypes.INT().copy(false))
        .column("day", DataTypes.STRING().copy(false))
        .column("score", DataTypes.BIGINT())
        .primaryKey("id", "day")
        .build();
  }

  private static PartitionSpec day(String value) {
    return new PartitionSpec(Collections.singletonMap("day", value));
  }

  private Map<String, Long> ids(TablePath path) throws Exception {
    Map<String, Long> ids = new TreeMap<>();
    for (PartitionInfo partition : client.admin.listPartitionInfos(path).get()) {
      ids.put(partition.getPartitionName(), partition.getPartitionId());
    }
    return ids;
  }

  private static List<String> list(String... names) {
    return Arrays.asList(names);
  }

  private void admin() throws Exception {
    TablePath path = create("partitions", logSchema(), 2, "day");
    TableInfo info = client.admin.getTableInfo(path).get();
    equal(true, info.isPartitioned(), "partitioned");
    equal(list("day"), info.getPartitionKeys(), "keys");
    equal(0, client.admin.listPartitionInfos(path).get().size(), "none at first");
    client.admin.createPartition(path, day("2024-01-01"), false).get();
    client.admin.createPartition(path, day("2024-01-02"), false).get();
    equal(list("2024-01-01", "2024-01-02"), new ArrayList<>(ids(path).keySet()), "created");
    equal(
        "PartitionAlreadyExistsException",
        failure(() -> client.admin.createPartition(path, day("2024-01-01"), false).get()),
        "twice");
    client.admin.createPartition(path, day("2024-01-01"), true).get();
    for (String bad : list("a b", "a/b", "__mine", "")) {
      equal(
          "InvalidPartitionException",
          failure(() -> client.admin.createPartition(path, day(bad), false).get()),
          "value '" + bad + "'");
    }
    long first = ids(path).get("2024-01-01");
    client.admin.dropPartition(path, day("2024-01-01"), false).get();
    equal(
        "PartitionNotExistException",
        failure(() -> client.admin.dropPartition(path, day("2024-01-01"), false).get()),
        "dropped twice");
    client.admin.dropPartition(path, day("2024-01-01"), true).get();
    client.admin.createPartition(path, day("2024-01-01"), false).get();
    equal(true, ids(path).get("2024-01-01") > first, "a new id");
    TablePath plain = client.create("not_partitioned", JavaClient.logSchema(), 1);
    equal(
        "TableNotPartitionedException",
        failure(() -> client.admin.listPartitionInfos(plain).get()),
        "a table without");
    equal(
        "TableNotPartitionedException",
        failure(() -> client.admin.createPartition(plain, day("x"), false).get()),
        "a table without");
    equal(
        "TableNotExistException",
        failure(
            () ->
                client
                    .admin
                    .createPartition(TablePath.of(JavaClient.DATABASE, "none"), day("x"), false)
                    .get()),
        "no table");
  }

  /** Writers make the partitions that rows need. */
  private void log() throws Exception {
    TablePath path = create("partitioned_log", logSchema(), 2, "day");
    try (Table table = client.connection.getTable(path)) {
      AppendWriter writer = table.newAppend().createWriter();
      for (int i = 0; i < 60; i++) {
        writer.append(row(i, "day-" + i % 3, i % 24));
      }
      writer.flush();
      Map<String, Long> ids = ids(path);
      equal(list("day-0", "day-1", "day-2"), new ArrayList<>(ids.keySet()), "made by the writer");
      for (int day = 0; day < 3; day++) {
        long id = ids.get("day-" + day);
        long rows = 0;
        for (long offset :
            client
                .admin
                .listOffsets(path, "day-" + day, Arrays.asList(0, 1), new OffsetSpec.LatestSpec())
                .all()
                .get()
                .values()) {
          rows += offset;
        }
        equal(20L, rows, "offsets of a partition");
        List<String> expected = new ArrayList<>();
        for (int i = day; i < 60; i += 3) {
          expected.add("day-" + day + " " + i);
        }
        Collections.sort(expected);
        try (LogScanner scanner = table.newScan().createLogScanner()) {
          scanner.subscribeFromBeginning(id, 0);
          scanner.subscribeFromBeginning(id, 1);
          List<String> got =
              read(scanner, 20, r -> r.getRow().getString(1) + " " + r.getRow().getInt(0));
          Collections.sort(got);
          equal(expected, got, "rows of a partition");
        }
      }
      client.admin.dropPartition(path, day("day-1"), false).get();
      equal(
          "PartitionNotExistException",
          failure(
              () ->
                  client
                      .admin
                      .listOffsets(path, "day-1", Arrays.asList(0), new OffsetSpec.LatestSpec())
                      .all()
                      .get()),
          "a dropped partition");
      equal(list("day-0", "day-2"), new ArrayList<>(ids(path).keySet()), "the others stay");
    }
  }

  private static String text(InternalRow row) {
    return row.getInt(0) + " " + row.getString(1) + " " + row.getLong(2);
  }

  private static String lookup(Lookuper lookuper, int id, String day) throws Exception {
    InternalRow found = lookuper.lookup(row(id, day)).get(10, TimeUnit.SECONDS).getSingletonRow();
    return found == null ? "none" : text(found);
  }

  private void rows() throws Exception {
    TablePath path = create("partitioned_rows", rowSchema(), 1, "day");
    equal(list("id"), client.admin.getTableInfo(path).get().getBucketKeys(), "bucket key");
    try (Table table = client.connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (int i = 0; i < 10; i++) {
        writer.upsert(row(i, "a", 10L * i));
        writer.upsert(row(i, "b", 100L * i));
      }
      writer.flush();
      writer.upsert(row(3, "a", 33L)).get();
      writer.delete(row(4, "b", 0L)).get();
      Lookuper lookuper = table.newLookup().createLookuper();
      equal("3 a 33", lookup(lookuper, 3, "a"), "updated");
      equal("3 b 300", lookup(lookuper, 3, "b"), "in the other partition");
      equal("none", lookup(lookuper, 4, "b"), "deleted");
      equal("none", lookup(lookuper, 4, "no-such"), "no partition");
      Map<String, Long> ids = ids(path);
      TableInfo info = client.admin.getTableInfo(path).get();
      try (LogScanner scanner = table.newScan().createLogScanner()) {
        scanner.subscribeFromBeginning(ids.get("b"), 0);
        List<String> changes =
            read(scanner, 11, r -> r.getChangeType().shortString() + " " + text(r.getRow()));
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
          expected.add("+I " + i + " b " + 100 * i);
        }
        expected.add("-D 4 b 400");
        equal(expected, changes, "changelog of a partition");
      }
      TableBucket bucket = new TableBucket(info.getTableId(), ids.get("a"), 0);
      List<String> limited = new ArrayList<>();
      try (BatchScanner scanner = table.newScan().limit(100).createBatchScanner(bucket)) {
        CloseableIterator<InternalRow> batch;
        while ((batch = scanner.pollBatch(java.time.Duration.ofSeconds(10))) != null) {
          while (batch.hasNext()) {
            limited.add(text(batch.next()));
          }
          batch.close();
        }
      }
      Collections.sort(limited);
      equal(10, limited.size(), "rows of a partition");
      equal("3 a 33", limited.get(3), "a row of a partition");
    }
  }

  private void severalKeys() throws Exception {
    TablePath path = create("several_keys", logSchema(), 1, "day", "hour");
    try (Table table = client.connection.getTable(path)) {
      AppendWriter writer = table.newAppend().createWriter();
      writer.append(row(1, "a", 7)).get();
      writer.append(row(2, "a", 8)).get();
      writer.append(row(3, "b", 7)).get();
    }
    equal(list("a$7", "a$8", "b$7"), new ArrayList<>(ids(path).keySet()), "names");
    Map<String, String> spec = new LinkedHashMap<>();
    spec.put("hour", "7");
    List<String> names = new ArrayList<>();
    for (PartitionInfo partition :
        client.admin.listPartitionInfos(path, new PartitionSpec(spec)).get()) {
      names.add(partition.getPartitionName());
    }
    Collections.sort(names);
    equal(list("a$7", "b$7"), names, "by a part of the spec");
    equal(
        "InvalidPartitionException",
        failure(() -> client.admin.createPartition(path, new PartitionSpec(spec), false).get()),
        "a spec with a key missing");
    spec.put("day", "b");
    client.admin.dropPartition(path, new PartitionSpec(spec), false).get();
    equal(list("a$7", "a$8"), new ArrayList<>(ids(path).keySet()), "dropped");
  }
}
