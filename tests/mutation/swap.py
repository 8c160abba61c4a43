"""Puts a mutant into the running process."""

import ast
import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

from tests.mutation.mutants import Mutant, mutate


def apply(root: Path, mutant: Mutant) -> bool:
    """Change the loaded package; return False if nothing that is loaded could be changed."""
    return _change_constant(mutant) if mutant.place < 0 else _change_function(root, mutant)


def module_name(mutant: Mutant) -> str:
    return mutant.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _change_constant(mutant: Mutant) -> bool:
    name, value = mutant.function, getattr(sys.modules[module_name(mutant)], mutant.function)
    if not isinstance(value, int):
        return False
    for each in [one for key, one in sys.modules.items() if key.startswith("clevora_mock.")]:
        if vars(each).get(name) == value:
            setattr(each, name, value + 1)
    return True


def _change_function(root: Path, mutant: Mutant) -> bool:
    path = str(root / mutant.file)
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    mutate(tree, mutant)
    codes = _codes(compile(tree, path, "exec", dont_inherit=True))
    changed = {(code.co_qualname, code.co_firstlineno): code for code in codes}
    inner = f"{mutant.function}.<locals>"
    count = 0
    for function in [one for one in gc.get_objects() if type(one) is FunctionType]:
        code = function.__code__
        if code.co_filename == path and (code.co_qualname == mutant.function or code.co_qualname.startswith(inner)):
            new = changed.get((code.co_qualname, code.co_firstlineno))
            # A lambda's line may hold several.
            if new is not None and len(new.co_freevars) == len(code.co_freevars):
                function.__code__ = new
                count += 1
    return count > 0


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
