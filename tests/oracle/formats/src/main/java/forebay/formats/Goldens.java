package forebay.formats;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.fluss.bucketing.BucketingFunction;
import org.apache.fluss.compression.ArrowCompressionInfo;
import org.apache.fluss.compression.ArrowCompressionType;
import org.apache.fluss.memory.UnmanagedPagedOutputView;
import org.apache.fluss.metadata.DataLakeFormat;
import org.apache.fluss.metadata.KvFormat;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.record.LogRecordBatchStatisticsCollector;
import org.apache.fluss.record.MemoryLogRecordsArrowBuilder;
import org.apache.fluss.record.MemoryLogRecordsCompactedBuilder;
import org.apache.fluss.record.MemoryLogRecordsIndexedBuilder;
import org.apache.fluss.record.bytesview.BytesView;
import org.apache.fluss.row.BinaryRow;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericArray;
import org.apache.fluss.row.GenericMap;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.TimestampLtz;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.row.arrow.ArrowWriter;
import org.apache.fluss.row.arrow.ArrowWriterPool;
import org.apache.fluss.row.compacted.CompactedRow;
import org.apache.fluss.row.encode.AlignedRowEncoder;
import org.apache.fluss.row.encode.KeyEncoder;
import org.apache.fluss.row.encode.RowEncoder;
import org.apache.fluss.row.indexed.IndexedRow;
import org.apache.fluss.shaded.arrow.org.apache.arrow.memory.RootAllocator;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;
import org.apache.fluss.types.RowType;

/** Prints "name hex" lines; src/format/tests/golden_test.cc says what every one of them means. */
public final class Goldens {
    private static final DataType[] TYPES = {
        DataTypes.BOOLEAN(), DataTypes.TINYINT(), DataTypes.SMALLINT(), DataTypes.INT(), DataTypes.BIGINT(),
        DataTypes.FLOAT(), DataTypes.DOUBLE(), DataTypes.DECIMAL(10, 2), DataTypes.DECIMAL(30, 4),
        DataTypes.CHAR(5), DataTypes.STRING(), DataTypes.BINARY(4), DataTypes.BYTES(), DataTypes.DATE(),
        DataTypes.TIME(0), DataTypes.TIME(3), DataTypes.TIME(6), DataTypes.TIME(9),
        DataTypes.TIMESTAMP(0), DataTypes.TIMESTAMP(3), DataTypes.TIMESTAMP(6), DataTypes.TIMESTAMP(9),
        DataTypes.TIMESTAMP_LTZ(0), DataTypes.TIMESTAMP_LTZ(3), DataTypes.TIMESTAMP_LTZ(6), DataTypes.TIMESTAMP_LTZ(9),
        DataTypes.ARRAY(DataTypes.INT()), DataTypes.ARRAY(DataTypes.STRING()),
        DataTypes.MAP(DataTypes.STRING().copy(false), DataTypes.BIGINT()),
        DataTypes.ROW(DataTypes.FIELD("a", DataTypes.INT()), DataTypes.FIELD("b", DataTypes.STRING())),
        DataTypes.ARRAY(DataTypes.ROW(DataTypes.FIELD("x", DataTypes.DECIMAL(38, 10)), DataTypes.FIELD("y", DataTypes.BOOLEAN()))),
        DataTypes.MAP(DataTypes.INT().copy(false), DataTypes.ARRAY(DataTypes.DOUBLE())),
    };
    private static final RowType ROW_TYPE = RowType.of(TYPES);

    private static BinaryString text(String value) {
        return BinaryString.fromString(value);
    }

    private static Decimal decimal(String value, int precision, int scale) {
        return Decimal.fromBigDecimal(new BigDecimal(value), precision, scale);
    }

    private static GenericRow typical() {
        return GenericRow.of(
                true, (byte) 7, (short) 300, 70000, 5000000000L, 1.5f, -2.25, decimal("12345.67", 10, 2),
                decimal("12345678901234567890.1234", 30, 4), text("abc"), text("hello, w\u00f6rld"), new byte[] {1, 2, 3, 4},
                new byte[] {0, -1, 127}, 19000, 3723000, 3723004, 3723005, 3723006,
                TimestampNtz.fromMillis(1700000000000L), TimestampNtz.fromMillis(1700000000123L),
                TimestampNtz.fromMillis(1700000000123L, 456000), TimestampNtz.fromMillis(1700000000123L, 456789),
                TimestampLtz.fromEpochMillis(1600000000000L), TimestampLtz.fromEpochMillis(1600000000321L),
                TimestampLtz.fromEpochMillis(1600000000321L, 654000), TimestampLtz.fromEpochMillis(1600000000321L, 654987),
                GenericArray.of(1, null, -3), GenericArray.of(text("x"), null, text("longer than seven")),
                map(text("k"), 1L, text("a key of some length"), null), GenericRow.of(42, text("in a row")),
                GenericArray.of(GenericRow.of(decimal("-1.0000000001", 38, 10), true), null, GenericRow.of(null, null)),
                map(5, GenericArray.of(0.5, null), 6, GenericArray.of()));
    }

    private static GenericRow extreme() {
        return GenericRow.of(
                false, Byte.MIN_VALUE, Short.MIN_VALUE, Integer.MIN_VALUE, Long.MIN_VALUE, -0.0f, Double.MAX_VALUE,
                decimal("-99999999.99", 10, 2), decimal("-0.0001", 30, 4), text(""), text(""), new byte[] {-1, 0, 0, 9},
                new byte[] {}, -719162, 0, 0, 0, 0,
                TimestampNtz.fromMillis(-1000L), TimestampNtz.fromMillis(-1L), TimestampNtz.fromMillis(-1L, 999000),
                TimestampNtz.fromMillis(-1L, 999999), TimestampLtz.fromEpochMillis(-2000L), TimestampLtz.fromEpochMillis(-2L),
                TimestampLtz.fromEpochMillis(-2L, 1000), TimestampLtz.fromEpochMillis(-2L, 1),
                GenericArray.of(), GenericArray.of(), map(), GenericRow.of(null, null), GenericArray.of(), map());
    }

    private static GenericMap map(Object... entries) {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) {
            map.put(entries[i], entries[i + 1]);
        }
        return new GenericMap(map);
    }

    private static List<GenericRow> rows() {
        return List.of(typical(), extreme(), new GenericRow(TYPES.length));
    }

    private static BinaryRow encode(RowEncoder encoder, GenericRow row) {
        encoder.startNewRow();
        for (int i = 0; i < TYPES.length; i++) {
            encoder.encodeField(i, row.getField(i));
        }
        return encoder.finishRow();
    }

    private static void print(String name, byte[] bytes) {
        System.out.println(name + " " + HexFormat.of().formatHex(bytes));
    }

    private static byte[] bytes(BytesView view) {
        byte[] bytes = new byte[view.getBytesLength()];
        view.getByteBuf().getBytes(0, bytes);
        return bytes;
    }

    private static void printRows() {
        for (int i = 0; i < 3; i++) {
            // New encoders: used again they leave rests of the row before in what is padding.
            RowEncoder[] encoders = {
                RowEncoder.create(KvFormat.COMPACTED, TYPES), RowEncoder.create(KvFormat.INDEXED, TYPES), new AlignedRowEncoder(TYPES)};
            String[] names = {"compacted", "indexed", "aligned"};
            for (int e = 0; e < encoders.length; e++) {
                BinaryRow row = encode(encoders[e], rows().get(i));
                byte[] bytes = new byte[row.getSizeInBytes()];
                row.getSegments()[0].get(row.getOffset(), bytes, 0, bytes.length);
                print("row." + names[e] + "." + i, bytes);
            }
        }
    }

    private static final ChangeType[] CHANGES = {ChangeType.INSERT, ChangeType.UPDATE_BEFORE, ChangeType.DELETE};

    private static void printArrowBatch(int magic, boolean appendOnly, ArrowCompressionType type, boolean statistics) throws Exception {
        try (RootAllocator allocator = new RootAllocator(); ArrowWriterPool pool = new ArrowWriterPool(allocator)) {
            int level = type == ArrowCompressionType.ZSTD ? 3 : -1;
            ArrowWriter writer = pool.getOrCreateWriter(1L, 3, 1 << 20, ROW_TYPE, new ArrowCompressionInfo(type, level));
            int[] columns = {0, 3, 4, 5, 6, 7, 8, 10, 13, 15, 19, 21, 25};
            LogRecordBatchStatisticsCollector collector = statistics ? new LogRecordBatchStatisticsCollector(ROW_TYPE, columns) : null;
            UnmanagedPagedOutputView view = new UnmanagedPagedOutputView(1 << 16);
            MemoryLogRecordsArrowBuilder builder = statistics
                    ? MemoryLogRecordsArrowBuilder.builder(0L, (byte) magic, 3, writer, view, collector)
                    : MemoryLogRecordsArrowBuilder.builder(0L, (byte) magic, 3, writer, view, appendOnly);
            builder.setWriterState(77L, 5);
            for (int i = 0; i < 3; i++) {
                builder.append(appendOnly ? ChangeType.APPEND_ONLY : CHANGES[i], rows().get(i));
            }
            builder.close();
            String kind = appendOnly ? "append" : "changelog";
            print("batch.arrow.v" + magic + "." + kind + "." + type.name().toLowerCase() + (statistics ? ".statistics" : ""),
                    bytes(builder.build()));
            builder.recycleArrowWriter();
        }
    }

    private static void printRowBatches() throws Exception {
        MemoryLogRecordsIndexedBuilder indexed =
                MemoryLogRecordsIndexedBuilder.builder(3, 1 << 20, new UnmanagedPagedOutputView(1 << 16), false);
        MemoryLogRecordsCompactedBuilder compacted =
                MemoryLogRecordsCompactedBuilder.builder(3, 1 << 20, new UnmanagedPagedOutputView(1 << 16), true);
        for (int i = 0; i < 3; i++) {
            indexed.append(CHANGES[i], (IndexedRow) encode(RowEncoder.create(KvFormat.INDEXED, TYPES), rows().get(i)));
            compacted.append(ChangeType.APPEND_ONLY, (CompactedRow) encode(RowEncoder.create(KvFormat.COMPACTED, TYPES), rows().get(i)));
        }
        indexed.setWriterState(77L, 5);
        print("batch.indexed.changelog", bytes(indexed.build()));
        compacted.setWriterState(77L, 5);
        print("batch.compacted.append", bytes(compacted.build()));
    }

    /** A key of each column that may be one, of both rows, and one of several columns; and their buckets of 1009. */
    private static void printKeys() {
        List<List<Integer>> keys = new ArrayList<>();
        for (int i = 0; i < 26; i++) {
            keys.add(List.of(i));
        }
        keys.add(List.of(3, 10, 21));
        DataLakeFormat[] lakes = {null, DataLakeFormat.PAIMON, DataLakeFormat.ICEBERG, DataLakeFormat.HUDI};
        for (DataLakeFormat lake : lakes) {
            for (List<Integer> key : keys) {
                for (int row = 0; row < 2; row++) {
                    printKey(lake, key, row);
                }
            }
        }
    }

    private static void printKey(DataLakeFormat lake, List<Integer> columns, int row) {
        List<String> names = columns.stream().map(i -> ROW_TYPE.getFieldNames().get(i)).toList();
        String lakeName = lake == null ? "fluss" : lake.name().toLowerCase();
        String columnNames = String.join("+", columns.stream().map(String::valueOf).toList());
        byte[] key;
        try {
            key = KeyEncoder.ofBucketKeyEncoder(ROW_TYPE, names, lake).encodeKey(rows().get(row));
        } catch (IllegalArgumentException e) {
            System.out.println("key." + lakeName + "." + columnNames + "." + row + " refused");
            return;
        }
        String bucket = key.length == 0 ? "-" : String.valueOf(BucketingFunction.of(lake).bucketing(key, 1009));
        System.out.println("key." + lakeName + "." + columnNames + "." + row + " " + HexFormat.of().formatHex(key) + " " + bucket);
    }

    public static void main(String[] args) throws Exception {
        printRows();
        for (int magic = 0; magic <= 2; magic++) {
            printArrowBatch(magic, true, ArrowCompressionType.NONE, false);
            printArrowBatch(magic, false, ArrowCompressionType.LZ4_FRAME, false);
            printArrowBatch(magic, false, ArrowCompressionType.ZSTD, false);
        }
        printArrowBatch(1, false, ArrowCompressionType.NONE, true);
        printArrowBatch(2, false, ArrowCompressionType.ZSTD, true);
        printRowBatches();
        printKeys();
    }
}
