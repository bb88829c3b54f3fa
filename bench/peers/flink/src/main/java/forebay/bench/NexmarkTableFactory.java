package forebay.bench;

import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;

/** The connector `nexmark` with the options of Forebay's: `path`, `events`, `rate`. */
public final class NexmarkTableFactory implements DynamicTableSourceFactory {
  private static final ConfigOption<String> PATH =
      ConfigOptions.key("path").stringType().noDefaultValue();
  private static final ConfigOption<Long> EVENTS =
      ConfigOptions.key("events").longType().defaultValue(Long.MAX_VALUE);
  /** Of the file; here for Forebay's sake. */
  private static final ConfigOption<Long> RATE =
      ConfigOptions.key("rate").longType().defaultValue(10000L);

  @Override
  public String factoryIdentifier() {
    return "nexmark";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(PATH);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of(EVENTS, RATE);
  }

  @Override
  public DynamicTableSource createDynamicTableSource(Context context) {
    var helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    return new TableSource(helper.getOptions().get(PATH), helper.getOptions().get(EVENTS));
  }

  private record TableSource(String path, long events) implements ScanTableSource {
    @Override
    public DynamicTableSource copy() {
      return this;
    }

    @Override
    public String asSummaryString() {
      return "nexmark";
    }

    @Override
    public ChangelogMode getChangelogMode() {
      return ChangelogMode.insertOnly();
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
      return SourceProvider.of(new NexmarkSource(path, events));
    }
  }
}
