"""Runs check_layers.py as a user would, on small trees made for each case."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parent.parent / "check_layers.py"


class CheckLayersTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.src = pathlib.Path(self.folder.name)
        self.write("layers", "base:\nmodel: base  # nouns\nclient: base model\n")

    def write(self, name, text):
        file = self.src / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run_check(self):
        done = subprocess.run([sys.executable, CHECK, self.src / "layers", self.src], check=False,
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_allowed_includes_pass(self):
        self.write("model/row.h", '#include <vector>\n#include "base/bytes.h"\n#include "model/type.h"\n')
        self.write("client/deep/admin.cc", '#include "model/row.h"\n')
        self.assertEqual(self.run_check(), (0, ""))

    def test_include_against_the_order_fails(self):
        self.write("model/row.h", '  #  include "client/admin.h"\n')
        self.assertEqual(self.run_check(), (1, "model/row.h: model may not include client (client/admin.h)\n"))

    def test_include_beside_the_file_fails(self):
        self.write("model/row.h", '#include "type.h"\n')
        self.assertEqual(self.run_check(), (1, "model/row.h: write the include from src/: type.h\n"))

    def test_folder_without_line_fails(self):
        self.write("shared/thing.h", "")
        code, output = self.run_check()
        self.assertEqual(code, 1)
        self.assertIn("shared/ is no room", output)

    def test_cycle_is_shown(self):
        self.write("layers", "base: client\nmodel: base\nclient: model\n")
        code, output = self.run_check()
        self.assertEqual(code, 1)
        self.assertIn("base -> client -> model -> base", output)

    def test_unknown_room_in_layers_fails(self):
        self.write("layers", "base: bas\n")
        code, output = self.run_check()
        self.assertEqual(code, 1)
        self.assertIn("without a line of their own: bas", output)

    def test_bad_line_names_its_number(self):
        self.write("layers", "base:\nmodel base\n")
        code, output = self.run_check()
        self.assertEqual(code, 1)
        self.assertIn("layers:2: expected", output)


if __name__ == "__main__":
    unittest.main()
