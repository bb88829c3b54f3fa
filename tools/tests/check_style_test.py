"""Runs check_style.py as a user would, on small work trees made for each case."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parent.parent / "check_style.py"
LONG_BODY = "  Work();\n" * 69


class CheckStyleTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def write(self, name, text):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def problems(self):
        done = subprocess.run([sys.executable, CHECK, self.root], check=False, capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 1 if done.stdout else 0)
        return done.stdout.splitlines()

    def write_short_functions(self):
        """Enough of them that a long one is not one in ten."""
        self.write("src/base/short.cc", "".join(f"int F{i}() {{ return {i}; }}\n" for i in range(20)))

    def test_good_file_passes(self):
        self.write("src/base/clock.cc", "int Now() { return 1; }  // 'using namespace' is for others\n")
        self.assertEqual(self.problems(), [])

    def test_long_line(self):
        self.write("src/base/a.h", f"// {'x' * 98}\n")
        self.assertEqual(self.problems(), ["src/base/a.h:1: 101 columns, at most 100"])

    def test_long_file_and_its_exception(self):
        self.write("src/base/a.h", "//\n" * 501)
        self.assertEqual(self.problems(), ["src/base/a.h: 501 lines, at most 500"])
        self.write("tools/style_exceptions", "src/base/a.h # one table\n")
        self.assertEqual(self.problems(), [])

    def test_exception_that_is_not_needed(self):
        self.write("tools/style_exceptions", "src/base/a.h # one table\n")
        self.assertEqual(self.problems(), ["tools/style_exceptions: src/base/a.h needs no exception, remove it"])

    def test_long_method_is_found_through_braces_in_literals_and_lambdas(self):
        self.write_short_functions()
        self.write("src/base/a.cc", 'namespace n {\nclass A : public B {\n  void Run(int x) override {\n'
                   '  auto f = [](char c) { return c == \'{\' || "}"[0]; };  // }\n' + LONG_BODY + "  }\n};\n}\n")
        self.assertEqual(self.problems(), ["src/base/a.cc:3: Run has 72 lines, at most 70"])

    def test_function_of_seventy_lines_passes(self):
        self.write_short_functions()
        self.write("src/base/a.cc", "void Run() {\n" + LONG_BODY[:-len("  Work();\n")] + "}\n")
        self.assertEqual(self.problems(), [])

    def test_nine_in_ten_functions_are_short(self):
        self.write("src/base/a.cc", "".join(f"void F{i}() {{\n" + "  Work();\n" * 30 + "}\n" for i in range(3)))
        self.assertEqual(self.problems(), ["nine in ten functions have up to 32 lines, at most 30"])

    def test_vague_names(self):
        self.write("src/base/string_utils.h", "class StringHelper {};\n")
        self.assertEqual(self.problems(), [
            "src/base/string_utils.h: a name that says nothing; name what it does",
            "src/base/string_utils.h:1: StringHelper says nothing; name what it does"])

    def test_reserved_call_outside_its_room(self):
        line = "auto now = std::chrono::system_clock::" + "now();\n"
        self.write("src/base/clock.cc", line)
        self.write("src/model/row.cc", line)
        self.assertEqual(len(self.problems()), 1)
        self.assertTrue(self.problems()[0].startswith("src/model/row.cc:1: "))

    def test_registry_hosts_and_machine_paths(self):
        self.write("docs/a.md", "from files." + "pypi" + ".org\nin /" + "root/x\n${BUILD}/" + "work/x and a/" + "work/y\n")
        self.assertEqual(self.problems(), ["docs/a.md:1: names the host of a package registry",
                                           "docs/a.md:2: an absolute path of one machine"])


if __name__ == "__main__":
    unittest.main()
