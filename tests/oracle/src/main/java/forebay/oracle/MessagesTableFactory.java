package forebay.oracle;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.SimpleUserCodeClassLoader;
import org.apache.flink.util.UserCodeClassLoader;

/**
 * A file's lines as messages of a queue, 'connector' = 'oracle-messages': what Flink's formats make of
 * them with their metadata, which only connectors of queues pass on. Keys may have Kafka's prefix.
 */
public final class MessagesTableFactory implements DynamicTableSourceFactory {
    private static final ConfigOption<String> PATH =
            ConfigOptions.key("path").stringType().noDefaultValue();
    private static final String PREFIX = "value.";

    @Override
    public String factoryIdentifier() {
        return "oracle-messages";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(PATH, FactoryUtil.FORMAT);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of();
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        DecodingFormat<DeserializationSchema<RowData>> format =
                helper.discoverDecodingFormat(DeserializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validate();
        return new Source(helper.getOptions().get(PATH), format, context.getPhysicalRowDataType());
    }

    private static final class Source implements ScanTableSource, SupportsReadingMetadata {
        private final String path;
        private final DecodingFormat<DeserializationSchema<RowData>> format;
        private final DataType physical;
        private DataType produced;

        Source(String path, DecodingFormat<DeserializationSchema<RowData>> format, DataType physical) {
            this.path = path;
            this.format = format;
            this.physical = physical;
            this.produced = physical;
        }

        @Override
        public ChangelogMode getChangelogMode() {
            return format.getChangelogMode();
        }

        @Override
        public Map<String, DataType> listReadableMetadata() {
            Map<String, DataType> keys = new LinkedHashMap<>(format.listReadableMetadata());
            format.listReadableMetadata().forEach((key, type) -> keys.put(PREFIX + key, type));
            return keys;
        }

        @Override
        public void applyReadableMetadata(List<String> keys, DataType type) {
            format.applyReadableMetadata(keys.stream()
                    .map(key -> key.startsWith(PREFIX) ? key.substring(PREFIX.length()) : key).toList());
            produced = type;
        }

        @Override
        public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
            DeserializationSchema<RowData> decoder = format.createRuntimeDecoder(context, physical);
            return new DataStreamScanProvider() {
                @Override
                public DataStream<RowData> produceDataStream(
                        ProviderContext provider, StreamExecutionEnvironment env) {
                    // What cannot be decoded is to fail in the job.
                    return env.fromData(lines()).flatMap(new Decode(decoder))
                            .returns(InternalTypeInfo.of((RowType) produced.getLogicalType()));
                }

                @Override
                public boolean isBounded() {
                    return true;
                }
            };
        }

        private List<String> lines() {
            try {
                return Files.readAllLines(Path.of(path)).stream().filter(l -> !l.isEmpty()).toList();
            } catch (IOException failure) {
                throw new IllegalStateException(failure);
            }
        }

        @Override
        public DynamicTableSource copy() {
            Source copy = new Source(path, format, physical);
            copy.produced = produced;
            return copy;
        }

        @Override
        public String asSummaryString() {
            return "messages";
        }
    }

    private static final class Decode
            extends org.apache.flink.api.common.functions.RichFlatMapFunction<String, RowData> {
        private final DeserializationSchema<RowData> decoder;

        Decode(DeserializationSchema<RowData> decoder) {
            this.decoder = decoder;
        }

        @Override
        public void open(org.apache.flink.api.common.functions.OpenContext context) throws Exception {
            decoder.open(new DeserializationSchema.InitializationContext() {
                @Override
                public MetricGroup getMetricGroup() {
                    return new UnregisteredMetricsGroup();
                }

                @Override
                public UserCodeClassLoader getUserCodeClassLoader() {
                    return SimpleUserCodeClassLoader.create(Source.class.getClassLoader());
                }
            });
        }

        @Override
        public void flatMap(String line, org.apache.flink.util.Collector<RowData> out)
                throws Exception {
            List<RowData> rows = new ArrayList<>();
            decoder.deserialize(line.getBytes(StandardCharsets.UTF_8), new ListCollector<>(rows));
            rows.forEach(out::collect);
        }
    }
}
