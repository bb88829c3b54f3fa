package forebay.oracle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.RowLevelModificationScanContext;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.connector.sink.abilities.SupportsRowLevelDelete;
import org.apache.flink.table.connector.sink.abilities.SupportsRowLevelUpdate;
import org.apache.flink.table.connector.sink.abilities.SupportsTruncate;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.LookupTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.lookup.AsyncLookupFunctionProvider;
import org.apache.flink.table.connector.source.lookup.LookupFunctionProvider;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.conversion.DataStructureConverter;
import org.apache.flink.table.data.conversion.DataStructureConverters;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.functions.AsyncLookupFunction;
import org.apache.flink.table.functions.LookupFunction;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.Row;

/**
 * Tables in this JVM's memory that Flink can UPDATE, DELETE, TRUNCATE and look up: 'connector' =
 * 'oracle-memory', 'folder' = what keeps one run's tables apart from another's.
 */
public final class MemoryTableFactory implements DynamicTableSourceFactory, DynamicTableSinkFactory {
    private static final ConfigOption<String> FOLDER =
            ConfigOptions.key("folder").stringType().noDefaultValue();
    private static final Map<String, List<Row>> ROWS = new ConcurrentHashMap<>();

    @Override
    public String factoryIdentifier() {
        return "oracle-memory";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(FOLDER);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of();
    }

    private static String name(Context context) {
        return context.getCatalogTable().getOptions().get("folder");
    }

    private static List<Row> rows(String name) {
        return ROWS.computeIfAbsent(name, key -> new ArrayList<>());
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        return new Source(name(context), context.getPhysicalRowDataType());
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        ResolvedSchema schema = context.getCatalogTable().getResolvedSchema();
        return new Target(name(context), context.getPhysicalRowDataType(),
                schema.getPrimaryKeyIndexes());
    }

    /** The rows that are there when the query is planned. */
    private record Source(String name, DataType type) implements ScanTableSource, LookupTableSource {
        @Override
        public LookupRuntimeProvider getLookupRuntimeProvider(LookupContext context) {
            int[] keys = Arrays.stream(context.getKeys()).mapToInt(path -> path[0]).toArray();
            return new Lookups(name, type, keys);
        }

        @Override
        public ChangelogMode getChangelogMode() {
            return ChangelogMode.insertOnly();
        }

        @Override
        public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
            return new DataStreamScanProvider() {
                @Override
                public DataStream<RowData> produceDataStream(
                        ProviderContext provider, StreamExecutionEnvironment env) {
                    org.apache.flink.table.data.conversion.DataStructureConverter<Object, Object> inner =
                            DataStructureConverters.getConverter(type);
                    inner.open(Source.class.getClassLoader());
                    List<RowData> out = new ArrayList<>();
                    for (Row row : rows(name)) {
                        out.add((RowData) inner.toInternal(row));
                    }
                    return env.fromCollection(out,
                            InternalTypeInfo.of((RowType) type.getLogicalType()));
                }

                @Override
                public boolean isBounded() {
                    return true;
                }
            };
        }

        @Override
        public DynamicTableSource copy() {
            return this;
        }

        @Override
        public String asSummaryString() {
            return "memory";
        }
    }

    /** Gives a lookup join what it prefers. */
    private record Lookups(String name, DataType type, int[] keys)
            implements LookupFunctionProvider, AsyncLookupFunctionProvider {
        @Override
        public LookupFunction createLookupFunction() {
            return new Lookup(name, type, keys);
        }

        @Override
        public AsyncLookupFunction createAsyncLookupFunction() {
            return new AsyncLookup(name, type, keys);
        }
    }

    /** Finds the rows that are there when it is asked. */
    public static final class Lookup extends LookupFunction {
        private final String name;
        private final DataType type;
        private final int[] keys;

        public Lookup(String name, DataType type, int[] keys) {
            this.name = name;
            this.type = type;
            this.keys = keys;
        }

        @Override
        public Collection<RowData> lookup(RowData key) {
            return find(name, type, keys, key);
        }
    }

    /** Lookup by a future. */
    public static final class AsyncLookup extends AsyncLookupFunction {
        private final String name;
        private final DataType type;
        private final int[] keys;

        public AsyncLookup(String name, DataType type, int[] keys) {
            this.name = name;
            this.type = type;
            this.keys = keys;
        }

        @Override
        public CompletableFuture<Collection<RowData>> asyncLookup(RowData key) {
            return CompletableFuture.completedFuture(find(name, type, keys, key));
        }
    }

    private static Collection<RowData> find(String name, DataType type, int[] keys, RowData key) {
        DataStructureConverter<Object, Object> converter =
                DataStructureConverters.getConverter(type);
        converter.open(Memory.class.getClassLoader());
        RowType row = (RowType) type.getLogicalType();
        List<RowData> found = new ArrayList<>();
        List<Row> rows = rows(name);
        synchronized (rows) {
            for (Row candidate : rows) {
                RowData data = (RowData) converter.toInternal(candidate);
                boolean same = true;
                for (int i = 0; i < keys.length; i++) {
                    LogicalType part = row.getTypeAt(keys[i]);
                    Object wanted = RowData.createFieldGetter(part, i).getFieldOrNull(key);
                    Object there = RowData.createFieldGetter(part, keys[i]).getFieldOrNull(data);
                    same &= wanted != null && wanted.equals(there);
                }
                if (same) {
                    found.add(data);
                }
            }
        }
        return found;
    }

    /** Changes the rows as they come; a table without a key takes inserts and deletes of whole rows. */
    private record Target(String name, DataType type, int[] key) implements DynamicTableSink,
            SupportsRowLevelUpdate, SupportsRowLevelDelete, SupportsTruncate {
        @Override
        public ChangelogMode getChangelogMode(ChangelogMode requested) {
            return requested;
        }

        @Override
        public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
            return SinkV2Provider.of(new Memory(name, type, key), 1);
        }

        @Override
        public RowLevelUpdateInfo applyRowLevelUpdate(
                List<Column> columns, RowLevelModificationScanContext context) {
            return new RowLevelUpdateInfo() {};
        }

        @Override
        public RowLevelDeleteInfo applyRowLevelDelete(RowLevelModificationScanContext context) {
            return new RowLevelDeleteInfo() {};
        }

        @Override
        public void executeTruncation() {
            rows(name).clear();
        }

        @Override
        public DynamicTableSink copy() {
            return this;
        }

        @Override
        public String asSummaryString() {
            return "memory";
        }
    }

    private record Memory(String name, DataType type, int[] key) implements Sink<RowData> {
        @Override
        public SinkWriter<RowData> createWriter(WriterInitContext context) {
            DataStructureConverter<Object, Object> converter =
                    DataStructureConverters.getConverter(type);
            converter.open(Memory.class.getClassLoader());
            return new SinkWriter<>() {
                @Override
                public void write(RowData element, Context context) {
                    Row row = (Row) converter.toExternal(element);
                    apply(element.getRowKind().shortString(), row);
                }

                @Override
                public void flush(boolean end) {}

                @Override
                public void close() {}
            };
        }

        private void apply(String kind, Row row) {
            List<Row> rows = rows(name);
            synchronized (rows) {
                boolean all = key.length == 0;
                if (kind.startsWith("-") || !all) {
                    rows.removeIf(other -> all ? same(other, row) : keyOf(other).equals(keyOf(row)));
                }
                row.setKind(org.apache.flink.types.RowKind.INSERT);
                if (kind.startsWith("+")) {
                    rows.add(row);
                }
            }
        }

        private static boolean same(Row a, Row b) {
            for (int i = 0; i < a.getArity(); i++) {
                if (!java.util.Objects.deepEquals(a.getField(i), b.getField(i))) {
                    return false;
                }
            }
            return true;
        }

        private List<Object> keyOf(Row row) {
            return Arrays.stream(key).mapToObj(row::getField).toList();
        }
    }
}
