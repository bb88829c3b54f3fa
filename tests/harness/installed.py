"""What `tools/install_dependencies` put on this machine."""
import importlib.util
import os
import pathlib
import sys

DEPS = pathlib.Path(os.environ.get("FOREBAY_DEPS") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "forebay/deps")
PYTHON = DEPS / "python/bin/python"
SKIPPED = 77


def need_packages(*names):
    """Starts the suite again with the Python that has these packages, unless this one has them; ends it as skipped when none has."""
    if all(importlib.util.find_spec(name) for name in names):
        return
    if not PYTHON.exists() or pathlib.Path(sys.prefix) == DEPS / "python":
        print(f"{', '.join(names)}: missing; run `tools/install_dependencies test`")
        sys.exit(SKIPPED)
    os.execv(PYTHON, [str(PYTHON), *sys.argv])
