package forebay.oracle;

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Period;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.MultisetType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.TimeType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.types.Row;

/**
 * Turns a value as Flink hands it out into the JSON form of `forebay sql --output json`. Scalars
 * without a JSON form become strings as Flink's CAST(x AS STRING) spells them.
 */
final class JsonValue {
    private JsonValue() {}

    /** The value as null, Boolean, Number, String, List or Map, ready for {@link Json#write}. */
    static Object of(Object value, LogicalType type, ZoneId zone) {
        if (value == null) {
            return null;
        }
        return switch (type.getTypeRoot()) {
            case BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT -> value;
            case FLOAT -> Float.isFinite((Float) value) ? value : value.toString();
            case DOUBLE -> Double.isFinite((Double) value) ? value : value.toString();
            case DECIMAL -> ((BigDecimal) value).toPlainString();
            case BINARY, VARBINARY -> HexFormat.of().formatHex((byte[]) value);
            case ARRAY -> array(value, ((ArrayType) type).getElementType(), zone);
            case ROW -> row((Row) value, (RowType) type, zone);
            case MAP -> map((Map<?, ?>) value, ((MapType) type).getKeyType(),
                    ((MapType) type).getValueType(), zone);
            case MULTISET -> map((Map<?, ?>) value, ((MultisetType) type).getElementType(),
                    new IntType(), zone);
            default -> text(value, type, zone);
        };
    }

    private static String text(Object value, LogicalType type, ZoneId zone) {
        return switch (type.getTypeRoot()) {
            case DATE -> ((LocalDate) value).toString();
            case TIME_WITHOUT_TIME_ZONE ->
                    trimmed(time((LocalTime) value, ((TimeType) type).getPrecision()));
            case TIMESTAMP_WITHOUT_TIME_ZONE ->
                    timestamp((LocalDateTime) value, ((TimestampType) type).getPrecision());
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE -> timestamp(
                    LocalDateTime.ofInstant((Instant) value, zone),
                    ((LocalZonedTimestampType) type).getPrecision());
            case INTERVAL_YEAR_MONTH -> months(((Period) value).toTotalMonths());
            case INTERVAL_DAY_TIME -> dayTime(((Duration) value).toMillis());
            default -> value.toString();
        };
    }

    private static String timestamp(LocalDateTime value, int precision) {
        return value.toLocalDate() + " " + time(value.toLocalTime(), precision);
    }

    private static String time(LocalTime value, int precision) {
        String whole = String.format(
                "%02d:%02d:%02d", value.getHour(), value.getMinute(), value.getSecond());
        if (precision == 0) {
            return whole;
        }
        return whole + "." + String.format("%09d", value.getNano()).substring(0, precision);
    }

    /** Flink keeps a timestamp's trailing zeros but drops a time's, down to one digit. */
    private static String trimmed(String time) {
        return time.contains(".") ? time.replaceAll("(\\.\\d+?)0+$", "$1") : time;
    }

    private static String months(long total) {
        long absolute = Math.abs(total);
        return String.format("%s%d-%02d", total < 0 ? "-" : "+", absolute / 12, absolute % 12);
    }

    private static String dayTime(long total) {
        long ms = Math.abs(total);
        return String.format("%s%d %02d:%02d:%02d.%03d", total < 0 ? "-" : "+", ms / 86_400_000L,
                ms / 3_600_000L % 24, ms / 60_000L % 60, ms / 1000L % 60, ms % 1000L);
    }

    private static List<Object> array(Object value, LogicalType element, ZoneId zone) {
        List<Object> out = new ArrayList<>();
        if (value instanceof List<?> list) {
            list.forEach(item -> out.add(of(item, element, zone)));
            return out;
        }
        for (int i = 0; i < Array.getLength(value); i++) {
            out.add(of(Array.get(value, i), element, zone));
        }
        return out;
    }

    private static Map<String, Object> row(Row value, RowType type, ZoneId zone) {
        Map<String, Object> out = new LinkedHashMap<>();
        for (int i = 0; i < type.getFieldCount(); i++) {
            out.put(type.getFieldNames().get(i), of(value.getField(i), type.getTypeAt(i), zone));
        }
        return out;
    }

    /** An object for string keys, otherwise a list of [key, value] pairs. */
    private static Object map(Map<?, ?> value, LogicalType key, LogicalType element, ZoneId zone) {
        boolean named = key.is(LogicalTypeRoot.VARCHAR) || key.is(LogicalTypeRoot.CHAR);
        if (named && !value.containsKey(null)) {
            Map<String, Object> out = new TreeMap<>();
            value.forEach((k, v) -> out.put((String) k, of(v, element, zone)));
            return out;
        }
        List<Object> out = new ArrayList<>();
        value.forEach((k, v) -> out.add(Arrays.asList(of(k, key, zone), of(v, element, zone))));
        out.sort(Comparator.comparing(Json::write));
        return out;
    }
}
