"""Records the functions of the package that a test reaches.

Each function gets a first statement that adds its name to a set; profilers would be many times slower.
"""

import ast
import builtins
import sys
from collections.abc import Collection
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path
from types import CodeType

from tests.mutation.mutants import Function, function_line, functions

_NAME = "__reached__"


def name_of(path: str, function: str, line: int) -> str:
    return f"{path} | {function} | {line}"


def record(files: Collection[Path]) -> set[str]:
    """Return the set of functions of `files` that have been reached; to be called before the package is imported."""
    reached: set[str] = set()
    setattr(builtins, _NAME, reached)

    class Loader(SourceFileLoader):
        def get_code(self, fullname: str) -> CodeType | None:
            path = Path(self.get_filename(fullname))
            return _recording_code(path) if path in files else super().get_code(fullname)

    sys.path_hooks.insert(0, FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (Loader, [".py"])))
    sys.path_importer_cache.clear()
    return reached


def _recording_code(path: Path) -> CodeType:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for name, function in functions(tree):
        _record(function, name_of(str(path), name, function_line(function)))
    ast.fix_missing_locations(tree)
    return compile(tree, str(path), "exec", dont_inherit=True)


def _record(function: Function, name: str) -> None:
    adding = ast.Call(ast.Attribute(ast.Name(_NAME, ast.Load()), "add", ast.Load()), [ast.Constant(name)], [])
    if isinstance(function, ast.Lambda):
        # The call returns None.
        function.body = ast.copy_location(ast.BoolOp(ast.Or(), [adding, function.body]), function.body)
    else:
        has_docstring = ast.get_docstring(function, clean=False) is not None
        function.body.insert(int(has_docstring), ast.copy_location(ast.Expr(adding), function.body[-1]))
