"""Keeps dependencies.lock well formed and docs/dependencies.md the same as it."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIELDS = 8


def lock_lines():
    lines = (ROOT / "tools/dependencies.lock").read_text().splitlines()
    return [line.split(" | ") for line in lines if line and not line.startswith("#")]


class DependenciesTest(unittest.TestCase):
    def test_every_line_is_whole(self):
        for fields in lock_lines():
            with self.subTest(fields[1]):
                self.assertEqual(len(fields), FIELDS)
                use, _, _, source, _, sha256, licence, why = fields
                self.assertIn(use, {"build", "fetch", "check", "fuzz"})
                self.assertIn(source, {"debian", "pypi", "npm"})
                self.assertRegex(sha256, "^-$" if source == "debian" else "^[0-9a-f]{64}$")
                self.assertTrue(licence and why)

    def test_names_are_unique(self):
        names = [fields[1] for fields in lock_lines()]
        self.assertEqual(len(names), len(set(names)))

    def test_the_page_has_a_row_for_each(self):
        rows = (ROOT / "docs/dependencies.md").read_text().splitlines()
        for _, name, version, source, package, sha256, licence, why in lock_lines():
            later = " or later" if sha256 == "-" else ""
            self.assertIn(f"| {name} | {version}{later} | {source}: {package} | {licence} | {why} |", rows)

    def test_python_of_the_tests_is_pinned_by_sum(self):
        lines = (ROOT / "tools/requirements-test.txt").read_text().splitlines()
        for line in lines:
            if line and not line.startswith("#"):
                self.assertIsNotNone(re.fullmatch(r"[\w.-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}", line), line)


if __name__ == "__main__":
    unittest.main()
