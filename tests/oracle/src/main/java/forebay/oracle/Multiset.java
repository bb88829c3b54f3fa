package forebay.oracle;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The rows a changelog leaves behind: each row with how often it is there. */
final class Multiset {
    private final Map<String, Integer> counts = new LinkedHashMap<>();
    private final Map<String, List<Object>> values = new LinkedHashMap<>();

    void apply(String kind, List<Object> cells) {
        String key = Json.write(cells);
        values.put(key, cells);
        int count = counts.merge(key, kind.startsWith("+") ? 1 : -1, Integer::sum);
        if (count < 0) {
            throw new IllegalStateException("retracted a row that is not there: " + key);
        }
    }

    List<Object> rows() {
        List<Object> out = new ArrayList<>();
        counts.keySet().stream().sorted().forEach(key -> {
            for (int i = 0; i < counts.get(key); i++) {
                out.add(values.get(key));
            }
        });
        return out;
    }
}
