package forebay.bench;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.LookupTableSource;
import org.apache.flink.table.connector.source.lookup.LookupFunctionProvider;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.LookupFunction;

/** The connector `side_input`: a table (key BIGINT, value STRING) of 10,000 rows in memory. */
public final class SideInputFactory implements DynamicTableSourceFactory {
  private static final int ROWS = 10_000;

  @Override
  public String factoryIdentifier() {
    return "side_input";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of();
  }

  @Override
  public DynamicTableSource createDynamicTableSource(Context context) {
    FactoryUtil.createTableFactoryHelper(this, context).validate();
    return new TableSource();
  }

  private record TableSource() implements LookupTableSource {
    @Override
    public DynamicTableSource copy() {
      return this;
    }

    @Override
    public String asSummaryString() {
      return "side_input";
    }

    @Override
    public LookupRuntimeProvider getLookupRuntimeProvider(LookupContext context) {
      return LookupFunctionProvider.of(new Rows());
    }
  }

  /** Answers from an array. */
  public static final class Rows extends LookupFunction {
    private transient List<RowData>[] rows;

    @Override
    @SuppressWarnings("unchecked")
    public void open(FunctionContext context) {
      rows = new List[ROWS];
      for (int key = 0; key < ROWS; key++) {
        rows[key] = List.of(GenericRowData.of((long) key, StringData.fromString("" + key)));
      }
    }

    @Override
    public Collection<RowData> lookup(RowData key) {
      long wanted = key.getLong(0);
      return wanted >= 0 && wanted < ROWS ? rows[(int) wanted] : List.of();
    }
  }
}
