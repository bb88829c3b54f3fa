#!/usr/bin/env python3
"""Checks the limits of CONTRIBUTING.md that no compiler checks.

usage: check_style.py [ROOT]        ROOT: the work tree to check, the one this file is in unless told

  C++        lines of at most 100 columns; files of at most 500 lines; functions of at most 70 lines, nine in
             ten of at most 30; no vague names; nothing that only one room may use used elsewhere
  all files  no package registry's host, no absolute path of somebody's machine

tools/style_exceptions lists the files and functions that may be longer, each with a reason; it must shrink: an
entry that is no longer needed is an error.
"""
import pathlib
import re
import subprocess
import sys
from typing import NamedTuple

COLUMNS_MAX = 100
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_P90_MAX = 30

CPP_SUFFIXES = {".h", ".cc"}
# Stored byte for byte, as others made them.
FOREIGN = re.compile(r"^(LICENSE$|console/package-lock\.json$|tests/golden/|tests/fuzz/corpus/)")
VAGUE_NAME = re.compile(r"(^|_)(utils?|helpers?|common|misc)(_|$)")
VAGUE_TYPE = re.compile(r"\b(?:class|struct)\s+(\w*(?:Utils?|Helpers?|Common|Misc))\b")
REGISTRY_HOST = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|crates|rubygems|debian|(?:repo\d?\.|search\.)?maven|proxy\.golang)"
    r"\.(?:org|io|com|net)\b")
MACHINE_PATH = re.compile(r"(?<![\w./$}-])/(?:work|root|home/\w+|Users/\w+|tmp/fb)/")
# What only the named rooms may write; everyone else asks them.
RESERVED = [
    (re.compile(r"\b(?:system|steady)_clock::now\b"), {"base"}, "the clock of base/clock.h"),
    (re.compile(r"\bstd::(?:rand|random_device)\b|\bsrand\("), {"base"}, "the random source of base"),
    (re.compile(r"^\s*using namespace\b"), set(), "names, or a using declaration"),
    (re.compile(r"\bduckdb_(?:open|connect|query)\b"), {"compute"}, "compute/batch"),
]

LITERAL_OR_COMMENT = re.compile(
    r'R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|//[^\n]*|/\*.*?\*/',
    re.DOTALL)
NOT_A_NAME = {"requires", "decltype", "noexcept", "explicit", "alignas", "__attribute__"}
CONTAINER = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b")


class Function(NamedTuple):
    name: str
    line: int
    length: int


def blank_literals(text):
    """Returns `text` with comments and literals turned to blanks, its lines kept."""
    return LITERAL_OR_COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def functions_in(text):
    """Yields each function defined in a namespace or class; lambdas count as part of theirs."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  blank_literals(text), flags=re.MULTILINE)
    head_start, open_heads = 0, []
    for match in re.finditer(r"[{};]", code):
        at, mark = match.start(), match.group()
        if mark == "{":
            head = code[head_start:at]
            outside = all(kind == "container" for kind, _, _ in open_heads)
            if outside and CONTAINER.search(head) and not head.rstrip().endswith(")"):
                kind = "container"
            elif outside and "(" in head:
                kind = "function"
            else:
                kind = "block"
            open_heads.append((kind, head.strip(), head_start + len(head) - len(head.lstrip())))
        elif mark == "}" and open_heads:
            kind, head, start = open_heads.pop()
            if kind == "function":
                first = code.count("\n", 0, start) + 1
                yield Function(function_name(head), first, code.count("\n", 0, at) + 2 - first)
        head_start = at + 1


def function_name(head):
    names = re.findall(r"(operator\s*[^\s(]+|[\w:~]+)\s*\(", head)
    return next((name for name in names if name not in NOT_A_NAME), head.split("\n")[0])


def read_exceptions(root):
    """Returns {"path" or "path function"} of tools/style_exceptions."""
    path = root / "tools/style_exceptions"
    entries = set()
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.strip() and not line.startswith("#"):
            entry, mark, reason = line.partition(" # ")
            if not mark or not reason.strip():
                raise ValueError(f"tools/style_exceptions: {line!r} has no ` # reason`")
            entries.add(" ".join(entry.split()))
    return entries


class Checker:
    def __init__(self, root):
        self.root = root
        self.exceptions = read_exceptions(root)
        self.used = set()
        self.problems = []
        self.function_lengths = []

    def excused(self, entry):
        self.used.add(entry)
        return entry in self.exceptions

    def check_text(self, name, text):
        for number, line in enumerate(text.splitlines(), start=1):
            if REGISTRY_HOST.search(line):
                self.problems.append(f"{name}:{number}: names the host of a package registry")
            if MACHINE_PATH.search(line):
                self.problems.append(f"{name}:{number}: an absolute path of one machine")

    def check_cpp(self, name, text):
        lines = text.splitlines()
        if len(lines) > FILE_LINES_MAX and not self.excused(name):
            self.problems.append(f"{name}: {len(lines)} lines, at most {FILE_LINES_MAX}")
        if VAGUE_NAME.search(pathlib.PurePath(name).stem):
            self.problems.append(f"{name}: a name that says nothing; name what it does")
        room = name.split("/")[1] if name.startswith("src/") else ""
        in_test = "/tests/" in name
        for number, line in enumerate(lines, start=1):
            if len(line) > COLUMNS_MAX:
                self.problems.append(f"{name}:{number}: {len(line)} columns, at most {COLUMNS_MAX}")
        for number, line in enumerate(blank_literals(text).splitlines(), start=1):
            if vague := VAGUE_TYPE.search(line):
                self.problems.append(f"{name}:{number}: {vague.group(1)} says nothing; name what it does")
            for pattern, rooms, instead in RESERVED:
                if room and room not in rooms and not in_test and pattern.search(line):
                    self.problems.append(f"{name}:{number}: `{line.strip()}`: use {instead}")
        self.check_functions(name, text)

    def check_functions(self, name, text):
        for function in functions_in(text):
            self.function_lengths.append(function.length)
            if function.length > FUNCTION_LINES_MAX and not self.excused(f"{name} {function.name}"):
                self.problems.append(f"{name}:{function.line}: {function.name} has {function.length} lines, "
                                     f"at most {FUNCTION_LINES_MAX}")

    def check_everything(self):
        for name in tracked_files(self.root):
            path = self.root / name
            if FOREIGN.match(name) or not path.is_file():
                continue
            content = path.read_bytes()
            if b"\0" in content[:8000]:
                continue
            text = content.decode("utf-8", errors="replace")
            self.check_text(name, text)
            if path.suffix in CPP_SUFFIXES:
                self.check_cpp(name, text)
        self.check_ratchet()

    def check_ratchet(self):
        lengths = sorted(self.function_lengths)
        p90 = lengths[len(lengths) * 9 // 10] if lengths else 0
        if p90 > FUNCTION_LINES_P90_MAX:
            self.problems.append(f"nine in ten functions have up to {p90} lines, "
                                 f"at most {FUNCTION_LINES_P90_MAX}")
        for entry in sorted(self.exceptions - self.used):
            self.problems.append(f"tools/style_exceptions: {entry} needs no exception, remove it")


def tracked_files(root):
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=root, check=True, capture_output=True)
    return sorted(listed.stdout.decode().rstrip("\0").split("\0"))


def main(root):
    try:
        checker = Checker(root)
    except ValueError as error:
        sys.exit(str(error))
    checker.check_everything()
    for problem in checker.problems:
        print(problem)
    sys.exit(1 if checker.problems else 0)


if __name__ == "__main__":
    here = pathlib.Path(__file__).resolve().parent.parent
    main(pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else here)
