package forebay.oracle;

import java.util.ArrayList;
import java.util.List;

/** Splits a script at `;` outside quotes and comments, and drops `--` comments. */
final class Statements {
    private Statements() {}

    static List<String> split(String script) {
        List<String> out = new ArrayList<>();
        StringBuilder statement = new StringBuilder();
        char quote = 0;
        for (int i = 0; i < script.length(); i++) {
            char c = script.charAt(i);
            if (quote == 0 && script.startsWith("--", i)) {
                int end = script.indexOf('\n', i);
                i = (end < 0 ? script.length() : end) - 1;
                continue;
            }
            if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if (c == '\'' || c == '`') {
                quote = c;
            }
            if (c == ';' && quote == 0 && !insideSet(statement.toString())) {
                add(out, statement);
            } else {
                statement.append(c);
            }
        }
        add(out, statement);
        return out;
    }

    private static boolean insideSet(String statement) {
        String text = statement.toUpperCase();
        return text.contains("STATEMENT SET") && !text.stripTrailing().endsWith("END");
    }

    private static void add(List<String> out, StringBuilder statement) {
        if (!statement.toString().isBlank()) {
            out.add(statement.toString().strip());
        }
        statement.setLength(0);
    }

    /** Whether ORDER BY stands outside every parenthesis. */
    static boolean ordered(String sql) {
        String text = sql.toUpperCase().replaceAll("'[^']*'", "''");
        int depth = 0;
        for (int i = 0; i < text.length(); i++) {
            depth += text.charAt(i) == '(' ? 1 : text.charAt(i) == ')' ? -1 : 0;
            if (depth == 0 && text.startsWith("ORDER BY", i)) {
                return true;
            }
        }
        return false;
    }
}
