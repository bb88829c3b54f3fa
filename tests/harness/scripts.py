"""Executables without .py as modules."""
import importlib.machinery
import importlib.util
import pathlib


def load_script(path):
    """The script's functions, when its main() is not run on import."""
    name = "_".join(pathlib.Path(path).parts[-2:])
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module
