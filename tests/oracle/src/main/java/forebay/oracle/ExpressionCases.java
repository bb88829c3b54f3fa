package forebay.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.api.bridge.java.internal.StreamTableEnvironmentImpl;
import org.apache.flink.table.runtime.typeutils.ExternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/**
 * Runs one `expr/<group>.case` file. The input rows go through a data stream, so that the planner
 * cannot fold an expression over columns. Many expressions share one job; when a job fails it is
 * split in halves until the failing expression stands alone.
 */
final class ExpressionCases {
    private static final int BUNDLE = 60;

    private static final Pattern TEXT_CAST = Pattern.compile("CAST\\('(.*)' AS (FLOAT|DOUBLE)\\)");

    private record Expression(String sql, boolean typeOnly, boolean ulp, boolean fails) {}

    private final List<String[]> columns = new ArrayList<>();
    private final List<String[]> rows = new ArrayList<>();
    private final List<Expression> expressions = new ArrayList<>();
    private final Map<String, Map<String, Object>> results = new LinkedHashMap<>();
    private final Map<String, LogicalType> types = new LinkedHashMap<>();
    private final StreamTableEnvironment tables = Flink.environment(false);
    private int mismatches;

    static void run(Path file, Path out) throws Exception {
        ExpressionCases cases = new ExpressionCases();
        cases.parse(file);
        cases.loadTable();
        cases.plan();
        cases.execute();
        cases.write(out, file);
    }

    private void parse(Path file) throws IOException {
        String section = "";
        for (String line : Files.readAllLines(file)) {
            String text = line.strip();
            if (text.isEmpty() || text.startsWith("#")) {
                continue;
            }
            if (List.of("COLUMNS", "ROWS", "EXPRESSIONS").contains(text)) {
                section = text;
            } else if (section.isEmpty()) {
                String[] setting = text.split("'");
                tables.getConfig().set(setting[1], setting[3]);
            } else if (section.equals("COLUMNS")) {
                columns.add(text.split("\\s+", 2));
            } else if (section.equals("ROWS")) {
                rows.add(text.split(" \\| "));
            } else {
                String mark = text.startsWith("@") ? text.substring(0, text.indexOf(' ')) : "";
                expressions.add(new Expression(text.substring(mark.length()).strip(),
                        mark.equals("@type"), mark.equals("@ulp"), mark.equals("@error")));
            }
        }
    }

    private void loadTable() throws Exception {
        StringBuilder values = new StringBuilder();
        StringBuilder names = new StringBuilder();
        for (String[] row : rows) {
            if (row.length != columns.size()) {
                throw new IllegalStateException(
                        "row has " + row.length + " cells: " + Arrays.toString(row));
            }
            values.append(values.isEmpty() ? "(" : ", (");
            for (int i = 0; i < row.length; i++) {
                String type = columns.get(i)[1].replaceAll(" NOT NULL$", "");
                String cell = floating(i) ? "NULL" : row[i].strip();
                values.append(i > 0 ? ", " : "").append("CAST(").append(cell)
                        .append(" AS ").append(type).append(")");
            }
            values.append(")");
        }
        for (String[] column : columns) {
            names.append(names.isEmpty() ? "" : ", ").append("`" + column[0] + "`");
        }
        var source = tables.sqlQuery("SELECT * FROM (VALUES " + values + ") AS v(" + names + ")");
        DataType type = source.getResolvedSchema().toSourceRowDataType();
        List<Row> data = new ArrayList<>();
        try (CloseableIterator<Row> it = source.execute().collect()) {
            it.forEachRemaining(data::add);
        }
        checkTypes(type);
        fillFloating(data);
        StreamExecutionEnvironment env =
                ((StreamTableEnvironmentImpl) tables).execEnv();
        DataStream<Row> stream = env.fromData(data, ExternalTypeInfo.of(type));
        Schema schema = Schema.newBuilder().fromRowDataType(type).build();
        tables.createTemporaryView("t", stream, schema);
    }

    private boolean floating(int column) {
        return columns.get(column)[1].matches("(FLOAT|DOUBLE).*");
    }

    /** Floating cells enter here: planner literals lose a FLOAT's last digits, NaN and infinity. */
    private void fillFloating(List<Row> data) {
        for (int r = 0; r < rows.size(); r++) {
            for (int c = 0; c < columns.size(); c++) {
                String cell = rows.get(r)[c].strip();
                if (!floating(c) || cell.equals("NULL")) {
                    continue;
                }
                Matcher cast = TEXT_CAST.matcher(cell);
                String number = cast.matches() ? cast.group(1) : cell;
                boolean single = columns.get(c)[1].startsWith("FLOAT");
                Object value = single ? (Object) Float.valueOf(number) : Double.valueOf(number);
                data.get(r).setField(c, value);
            }
        }
    }

    /** A nullable column without a NULL would be NOT NULL in the VALUES other readers build. */
    private void checkTypes(DataType type) {
        for (int i = 0; i < columns.size(); i++) {
            String got = type.getChildren().get(i).getLogicalType().asSummaryString();
            if (!got.replace("`", "").equals(columns.get(i)[1].replace("`", ""))) {
                throw new IllegalStateException("column " + columns.get(i)[0] + " is declared "
                        + columns.get(i)[1] + " but its rows have type " + got);
            }
        }
    }

    private void plan() {
        for (Expression e : expressions) {
            if (results.containsKey(e.sql())) {
                System.err.println("  note: given twice: " + e.sql());
            }
            Map<String, Object> result = new LinkedHashMap<>();
            results.put(e.sql(), result);
            result.put("expr", e.sql());
            try {
                LogicalType type = tables.sqlQuery("SELECT " + e.sql() + " FROM t")
                        .getResolvedSchema().getColumnDataTypes().get(0).getLogicalType();
                types.put(e.sql(), type);
                result.put("type", type.asSummaryString());
                if (e.typeOnly()) {
                    result.put("type_only", true);
                }
                if (e.ulp()) {
                    result.put("ulp", true);
                }
            } catch (Exception | AssertionError failure) {
                result.putAll(Flink.error(failure));
            }
        }
    }

    private void execute() {
        List<String> ready = new ArrayList<>();
        for (Expression e : expressions) {
            if (types.containsKey(e.sql()) && e.fails()) {
                bundle(List.of(e.sql()));
            } else if (types.containsKey(e.sql()) && !e.typeOnly()) {
                ready.add(e.sql());
            }
        }
        for (int i = 0; i < ready.size(); i += BUNDLE) {
            bundle(ready.subList(i, Math.min(ready.size(), i + BUNDLE)));
        }
    }

    private void bundle(List<String> some) {
        try {
            store(some, rowsOf(some));
        } catch (Exception | AssertionError failure) {
            if (some.size() == 1) {
                results.get(some.get(0)).putAll(Flink.error(failure));
                return;
            }
            bundle(some.subList(0, some.size() / 2));
            bundle(some.subList(some.size() / 2, some.size()));
        }
    }

    private List<Row> rowsOf(List<String> some) throws Exception {
        StringBuilder sql = new StringBuilder("SELECT id");
        for (int i = 0; i < some.size(); i++) {
            sql.append(", ").append(some.get(i)).append(" AS v").append(i);
            sql.append(", ").append(textOf(some.get(i))).append(" AS s").append(i);
        }
        List<Row> out = new ArrayList<>();
        try (CloseableIterator<Row> it = tables.executeSql(sql + " FROM t").collect()) {
            it.forEachRemaining(out::add);
        }
        out.sort((a, b) -> Integer.compare((Integer) a.getField(0), (Integer) b.getField(0)));
        return out;
    }

    /** Flink has no cast from these to STRING; their text is left out. */
    private String textOf(String sql) {
        return switch (types.get(sql).getTypeRoot()) {
            case BINARY, VARBINARY, RAW, NULL, SYMBOL -> "CAST(NULL AS STRING)";
            default -> "CAST(" + sql + " AS STRING)";
        };
    }

    private void store(List<String> some, List<Row> out) {
        for (int i = 0; i < some.size(); i++) {
            List<Object> values = new ArrayList<>();
            List<Object> text = new ArrayList<>();
            for (Row row : out) {
                Object value = row.getField(1 + 2 * i);
                values.add(JsonValue.of(value, types.get(some.get(i)), Flink.zone(tables)));
                text.add(row.getField(2 + 2 * i));
            }
            check(some.get(i), values, text);
            results.get(some.get(i)).put("values", values);
            if (!values.equals(text)) {
                results.get(some.get(i)).put("text", text);
            }
        }
    }

    /** Where a value is a string, our spelling must be the one Flink's own cast gives. */
    private void check(String sql, List<Object> values, List<Object> text) {
        for (int i = 0; i < values.size(); i++) {
            Object cast = text.get(i);
            if (values.get(i) instanceof String s && cast != null && !s.equals(cast)) {
                mismatches++;
                System.err.println("  note: " + sql + ": value " + s + " but text " + cast);
            }
        }
    }

    private void write(Path out, Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        results.values().forEach(result -> lines.add(Json.write(result)));
        Files.write(out, lines);
        long errors = results.values().stream().filter(r -> r.containsKey("error")).count();
        System.err.printf("%s: %d expressions, %d errors, %d notes%n", file.getFileName(),
                results.size(), errors, mismatches);
    }
}
