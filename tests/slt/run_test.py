#!/usr/bin/env python3
"""Tests the runner against recorded output: a stand-in program answers from the expected files.

usage: tests/slt/run_test.py
"""
import contextlib
import io
import json
import os
import re
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from scripts import load_script  # noqa: E402

run = load_script(os.path.join(HERE, "run"))

# Plays the program: answers statement by statement from a table {statement: result}.
PROGRAM = """#!/usr/bin/env python3
import json, os, re, signal, sys
answers = json.load(open(%(answers)r, encoding="utf-8"))
script = open(sys.argv[sys.argv.index("-f") + 1], encoding="utf-8").read()
mode = re.search("'execution.runtime-mode' = '(.*?)'", script).group(1)
for number, statement in enumerate(script.split(";\\n")):
    answer = answers.get(mode + " " + statement.strip())
    if answer == "die":
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    if answer is not None:
        print(json.dumps({"statement": number + 1, **answer}))
"""

# Plays the program on committed cases: answers by how many statements follow, for one mode each, and makes the files of sinks.
REPLAY = """#!/usr/bin/env python3
import importlib.machinery, json, os, re, sys
run = importlib.machinery.SourceFileLoader("slt_run", %(run)r).load_module()
answers = json.load(open(%(answers)r, encoding="utf-8"))
script = open(sys.argv[sys.argv.index("-f") + 1], encoding="utf-8").read()
mode = re.search("'execution.runtime-mode' = '(.*?)'", script).group(1)
statements = run.split_statements(script)
for number, statement in enumerate(statements, 1):
    answer = answers.get(mode + " " + str(len(statements) - number))
    if answer is not None:
        print(json.dumps({"statement": number, **answer}))
for file in answers.get(mode + " files", []):
    path = os.path.join(os.path.dirname(sys.argv[sys.argv.index("-f") + 1]), file)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").close()
"""

CASE = """COLUMNS
id INT NOT NULL
d DOUBLE
ROWS
1 | 1.5
2 | NULL
EXPRESSIONS
d
d + 1
nope
SQRT(d)
"""
EXPECTED = [
    {"expr": "d", "type": "DOUBLE", "values": [1.5, None]},
    {"expr": "d + 1", "type": "DOUBLE", "values": [2.5, None]},
    {"expr": "nope", "error": "plan", "flink": "Column 'nope' not found"},
    {"expr": "SQRT(d)", "type": "DOUBLE", "values": [1.224744871391589, None], "ulp": True},
]
COLUMNS = [{"name": "g", "type": "STRING"}, {"name": "c", "type": "BIGINT NOT NULL"}]
QUERY = "SELECT g, COUNT(*) AS c FROM o GROUP BY g"


def answer(values, kind="DOUBLE"):
    columns = [{"name": "id", "type": "INT NOT NULL"}, {"name": "v", "type": kind}]
    return {"columns": columns, "rows": [[i + 1, value] for i, value in enumerate(values)]}


def expression_answers():
    return {"batch SELECT id, d AS v FROM t": answer([1.5, None]),
            "batch SELECT id, d + 1 AS v FROM t": answer([2.5, None]),
            "batch SELECT id, nope AS v FROM t": {"error": {"code": "X", "message": "no column"}},
            "batch SELECT id, SQRT(d) AS v FROM t": answer([1.2247448713915892, None])}


class RunnerTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for name in ("expr", "query", "data"):
            os.mkdir(os.path.join(self.folder.name, name))

    def write(self, name, text):
        with open(os.path.join(self.folder.name, name), "w", encoding="utf-8") as out:
            out.write(text)

    def write_expressions(self):
        self.write("expr/e.case", CASE)
        self.write("expr/e.expected", "\n".join(map(json.dumps, EXPECTED)))

    def write_query(self, expected):
        self.write("query/q.sql", QUERY + ";\n")
        self.write("query/q.expected", json.dumps({"statement": 1, **expected}))

    def play(self, answers, *arguments):
        """(exit status, printed text) of the runner against a program with these answers."""
        self.write("answers.json", json.dumps(answers))
        self.write("program", PROGRAM % {"answers": os.path.join(self.folder.name, "answers.json")})
        program = os.path.join(self.folder.name, "program")
        os.chmod(program, 0o755)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            status = run.main([program, *arguments, "--folder", self.folder.name])
        return status, printed.getvalue()

    def test_equal_answers_pass(self):
        self.write_expressions()
        self.assertEqual(self.play(expression_answers()), (0, "4 passed, 0 failed\n"))

    def test_a_wrong_value_is_shown(self):
        self.write_expressions()
        answers = expression_answers()
        answers["batch SELECT id, d + 1 AS v FROM t"] = answer([2.5000000000000004, None])
        status, printed = self.play(answers)
        self.assertEqual(status, 1)
        self.assertIn("FAIL expr/e: d + 1\n  row 1: want 2.5 got 2.5000000000000004", printed)

    def test_a_wrong_type_a_missing_error_and_a_missing_result_fail(self):
        self.write_expressions()
        answers = expression_answers()
        answers["batch SELECT id, d AS v FROM t"] = answer([1.5, None], "FLOAT")
        answers["batch SELECT id, nope AS v FROM t"] = answer([1, 2], "INT")
        del answers["batch SELECT id, SQRT(d) AS v FROM t"]
        status, printed = self.play(answers)
        self.assertEqual(status, 1)
        self.assertIn("type: want DOUBLE got FLOAT", printed)
        self.assertIn("FAIL expr/e: nope\n  want plan error", printed)
        self.assertIn("FAIL expr/e: SQRT(d)\n  no result", printed)
        self.assertIn("1 passed, 3 failed", printed)

    def test_a_dying_program_costs_one_case(self):
        self.write_expressions()
        answers = expression_answers()
        answers["batch SELECT id, d + 1 AS v FROM t"] = "die"
        status, printed = self.play(answers)
        self.assertEqual(status, 1)
        self.assertIn("FAIL expr/e: d + 1\n  program died", printed)
        self.assertIn("3 passed, 1 failed", printed)

    def test_known_failures_must_fail(self):
        self.write_expressions()
        answers = expression_answers()
        answers["batch SELECT id, d + 1 AS v FROM t"] = answer([0, 0])
        self.write("known_failures.txt", "# why\nexpr/e: d + 1\twrong sum\n")
        self.assertEqual(self.play(answers), (0, "1 known failures\n3 passed, 0 failed\n"))
        status, printed = self.play(expression_answers())
        self.assertEqual(status, 1)
        self.assertIn("passes, but is listed as a known failure", printed)

    def test_known_failures_can_be_written(self):
        self.write_expressions()
        answers = expression_answers()
        answers["batch SELECT id, d AS v FROM t"] = answer([0, 0])
        status, _ = self.play(answers, "--write-known-failures", "not built yet")
        self.assertEqual(status, 0)
        with open(os.path.join(self.folder.name, "known_failures.txt"), encoding="utf-8") as lines:
            self.assertIn("expr/e: d\tnot built yet\n", lines.readlines())

    def test_filters_choose_cases(self):
        self.write_expressions()
        self.assertEqual(self.play(expression_answers(), "e: nope")[1], "1 passed, 0 failed\n")

    def test_a_changelog_is_compared_by_what_it_leaves(self):
        self.write_query({"mode": "streaming", "changelog_mode": "I,UA", "columns": COLUMNS,
                          "rows": [["a", 1], ["a", 1], ["a", 2]], "kinds": ["+I", "-U", "+U"],
                          "materialized": [["a", 2]]})
        compacted = {"columns": COLUMNS, "rows": [["a", 2]], "kinds": ["+I"]}
        self.assertEqual(self.play({"streaming " + QUERY: compacted})[0], 0)
        torn = {"columns": COLUMNS, "rows": [["a", 1], ["a", 2]], "kinds": ["-U", "+U"]}
        self.assertIn("-U of a row that is not there", self.play({"streaming " + QUERY: torn})[1])

    def test_an_insert_only_result_must_not_retract(self):
        self.write_query({"mode": "streaming", "changelog_mode": "I", "columns": COLUMNS,
                          "rows": [["a", 2]]})
        retracting = {"columns": COLUMNS, "rows": [["a", 1], ["a", 1], ["a", 2]],
                      "kinds": ["+I", "-D", "+I"]}
        self.assertIn("insert-only", self.play({"streaming " + QUERY: retracting})[1])

    def test_changelogs_are_compared_in_order_for_each_key(self):
        self.write_query({"mode": "streaming", "changelog_mode": "I,UA", "columns": COLUMNS,
                          "rows": [["a", 1], ["a", 1], ["a", 2], ["b", 7]],
                          "kinds": ["+I", "-U", "+U", "+I"], "materialized": [["a", 2], ["b", 7]]})
        other_keys_first = {"columns": COLUMNS, "rows": [["b", 7], ["a", 1], ["a", 1], ["a", 2]],
                            "kinds": ["+I", "+I", "-U", "+U"]}
        self.assertEqual(self.play({"streaming " + QUERY: other_keys_first}, "--changelog")[0], 0)
        compacted = {"columns": COLUMNS, "rows": [["a", 2], ["b", 7]], "kinds": ["+I", "+I"]}
        self.assertIn('key ["a"]: want +I["a",1]',
                      self.play({"streaming " + QUERY: compacted}, "--changelog")[1])

    def test_order_counts_only_after_order_by(self):
        rows = [["a", 1], ["b", 2]]
        reverse = {"batch " + QUERY: {"columns": COLUMNS, "rows": rows[::-1]}}
        self.write_query({"mode": "batch", "columns": COLUMNS, "rows": rows, "ordered": False})
        self.assertEqual(self.play(reverse)[0], 0)
        self.write_query({"mode": "batch", "columns": COLUMNS, "rows": rows, "ordered": True})
        self.assertIn("rows are in another order", self.play(reverse)[1])


class CommittedCasesTest(unittest.TestCase):
    """What Flink answered, played back, passes: cases and expected files fit together."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.answers = os.path.join(self.folder.name, "answers.json")
        self.program = os.path.join(self.folder.name, "program")
        with open(self.program, "w", encoding="utf-8") as out:
            out.write(REPLAY % {"run": os.path.join(HERE, "run"), "answers": self.answers})
        os.chmod(self.program, 0o755)

    def recorded(self, path):
        expected = run.read_json_lines(os.path.splitext(path)[0] + ".expected")
        if path.endswith(".case"):
            answers = {}
            for index, want in enumerate(reversed(expected)):
                row_count = len(run.read_expression_case(path)[2])
                values = want.get("values", [None] * row_count)
                answers[f"batch {index}"] = want if "error" in want else answer(values, want["type"])
            return answers
        with open(path, encoding="utf-8") as text:
            script = text.read()
        count = len(run.split_statements(script))
        listed = re.findall(r"^-- files: (\w+)$", script, re.MULTILINE)
        has_kinds = re.search(r"^-- changes$", script, re.MULTILINE)
        answers = {}
        for want in expected:
            if want["statement"] > count:
                folder = listed[want["statement"] - count - 1]
                files = [os.path.join(folder, re.sub("part$", "part-0", file)) for file, in want["rows"]]
                answers.setdefault(f"{want['mode']} files", []).extend(files)
                continue
            answers[f"{want['mode']} {count - want['statement']}"] = self.played(want, has_kinds)
        return answers

    def played(self, want, has_kinds):
        if has_kinds and want.get("columns", [{}])[0].get("name") == "op":
            return {"columns": want["columns"][1:], "rows": [row[1:] for row in want["rows"]],
                    "kinds": [row[0] for row in want["rows"]]}
        if "materialized" in want:
            return {"columns": want["columns"], "rows": want["materialized"]}
        return {key: want[key] for key in ("error", "columns", "rows", "kinds") if key in want}

    def test_recorded_answers_pass(self):
        options = run.parse_arguments([self.program])
        for path in run.case_files(HERE):
            with self.subTest(os.path.basename(path)):
                with open(self.answers, "w", encoding="utf-8") as out:
                    json.dump(self.recorded(path), out)
                outcomes = run.outcomes_of(options, path)
                self.assertTrue(outcomes)
                self.assertEqual([], [one for one in outcomes if one[1]][:3])

    def test_changelogs_leave_what_is_recorded(self):
        for path in run.case_files(HERE):
            for want in run.read_json_lines(os.path.splitext(path)[0] + ".expected"):
                if "kinds" in want and "note" not in want:
                    kinds = [run.normal_type(column["type"]) for column in want["columns"]]
                    left = run.materialize(want["rows"], want["kinds"], kinds)
                    kept = [run.canonical_row(row, kinds) for row in want["materialized"]]
                    self.assertEqual([], run.multiset_difference(kept, left))


class ValueTest(unittest.TestCase):
    def test_canonical_forms(self):
        self.assertEqual(run.canonical([[1, "x"]], "MAP<INT, STRING>"),
                         run.canonical({"1": "x"}, "MAP<INT, STRING>"))
        self.assertEqual(run.canonical({"a": 1, "b": [1.5]}, "ROW<`a` INT, `b` ARRAY<DOUBLE>>"),
                         (1, (1.5,)))
        self.assertEqual(run.canonical(0.1, "FLOAT"), run.canonical(0.10000000149011612, "FLOAT"))
        self.assertNotEqual(run.canonical(0.0, "DOUBLE"), run.canonical(-0.0, "DOUBLE"))
        self.assertRaises(run.Mismatch, run.canonical, 1.5, "DECIMAL(2, 1)")
        self.assertRaises(run.Mismatch, run.canonical, "1", "INT")

    def test_statements(self):
        script = "SET 'a' = ';'; -- x;\nEXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; END; SELECT 1"
        self.assertEqual(run.split_statements(script), [
            "SET 'a' = ';'", "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; END", "SELECT 1"])


if __name__ == "__main__":
    unittest.main()
