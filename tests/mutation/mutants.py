"""Mutants: small changes to functions and constants of the package."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
# The name of a node's attribute, and its new value.
Change = tuple[str, object]

_PAIRS = ((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn))
_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = dict([*_PAIRS, *(pair[::-1] for pair in _PAIRS)])
_OTHERS: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv}
_OTHERS |= dict.fromkeys((ast.FloorDiv, ast.Div, ast.Mod), ast.Mult)


class Mutant(NamedTuple):
    """A change to the node at `place` of a module, in the function `function` at `line`; -1 is the place of a constant.

    `key` names it without line numbers, so that it survives changes elsewhere.
    """

    file: str
    function: str
    line: int
    place: int
    change: str
    key: str


def find_mutants(root: Path, path: Path) -> Iterator[Mutant]:
    """Yield the mutants of a module."""
    file = path.relative_to(root).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()

    def mutant(function: str, line: int, place: int, change: str, node: ast.AST) -> Mutant:
        key = f"{file} | {function} | {change} | {' '.join(ast.unparse(node).split())[:120]}"
        seen[key] += 1
        return Mutant(file, function, line, place, change, f"{key} | {seen[key]}")

    for place, (function, line, node) in enumerate(sites(tree)):
        for change in changes(node):
            yield mutant(function, line, place, change, node)
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(name)], value=ast.Constant(int()) | ast.BinOp()) if name.isupper():
                yield mutant(name, statement.lineno, -1, "constant + 1", statement)


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Yield the functions of a module, with methods and lambdas, by their qualified names; not those within others."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, Function):
            yield prefix + getattr(child, "name", "<lambda>"), child
        else:
            yield from functions(child, f"{prefix}{child.name}." if isinstance(child, ast.ClassDef) else prefix)


def function_line(function: Function) -> int:
    """Return the first line of a function's code, which is that of its first decorator."""
    decorators: list[ast.expr] = getattr(function, "decorator_list", [])
    return min([function.lineno, *(one.lineno for one in decorators)])


def sites(tree: ast.Module) -> list[tuple[str, int, ast.AST]]:
    """Return the nodes of the bodies of a module's functions, each after the function's name and first line."""
    return [(name, function_line(function), node) for name, function in functions(tree) for node in _nodes(function)]


def _nodes(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body, without annotations."""
    waiting: list[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else [*function.body]
    while waiting:
        node = waiting.pop(0)
        yield node
        match node:
            case ast.AnnAssign(value=value):
                waiting[:0] = [value] if value is not None else []
            # The texts of messages are not mutated, nor what stands in them.
            case _ if not isinstance(node, ast.JoinedStr):
                waiting[:0] = ast.iter_child_nodes(node)


def mutate(tree: ast.Module, mutant: Mutant) -> None:
    """Change `tree`, the mutant's module."""
    *_, node = sites(tree)[mutant.place]
    setattr(node, *changes(node)[mutant.change])
    ast.fix_missing_locations(tree)


def changes(node: ast.AST) -> dict[str, Change]:
    """Return the changes to a node by their names."""
    match node:
        case ast.Compare(ops=operators):
            opposites = [_OPPOSITES[type(one)]() for one in operators]
            changed = [[*operators[:at], one, *operators[at + 1 :]] for at, one in enumerate(opposites)]
            return {f"compare {at} {type(operators[at]).__name__}": ("ops", new) for at, new in enumerate(changed)}
        case ast.BoolOp(op=joint):
            return {"and/or": ("op", ast.Or() if isinstance(joint, ast.And) else ast.And())}
        case ast.UnaryOp(op=ast.Not() | ast.USub() as sign, operand=operand) if not isinstance(operand, ast.Constant):
            # Twice is not at all.
            return {"drop not or minus": ("operand", ast.UnaryOp(sign, operand))}
        case ast.BinOp(left, sign, right) if type(sign) in _OTHERS and not (_is_text(left) or _is_text(right)):
            return {"arithmetic": ("op", _OTHERS[type(sign)]())}
        case ast.AugAssign(op=sign) if type(sign) in _OTHERS:
            return {"arithmetic": ("op", _OTHERS[type(sign)]())}
        case ast.Constant(bool(flag)):
            return {"flip": ("value", not flag)}
        case ast.Constant(int(number)):
            return {"+ 1": ("value", number + 1)}
        case _:
            return _changes_of_control(node)


def _changes_of_control(node: ast.AST) -> dict[str, Change]:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            return {"negate the condition": ("test", ast.UnaryOp(ast.Not(), test))}
        case ast.comprehension(ifs=[_, *_]):
            return {"drop the condition": ("ifs", [])}
        # None is as good as False.
        case ast.Return(value=ast.expr() as value) if getattr(value, "value", value) not in (None, False):
            return {"return None": ("value", ast.Constant(None))}
        case (
            ast.Expr(value=ast.Call() | ast.Await())
            | ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_])
            | (ast.Delete() | ast.Raise() | ast.Break() | ast.Continue())
        ):
            return {"drop the statement": ("__class__", ast.Pass)}
        case _:
            return {}


def _is_text(operand: ast.expr) -> bool:
    """Tell whether an operand is a text, whose arithmetic only raises TypeError."""
    return isinstance(operand, ast.JoinedStr) or isinstance(getattr(operand, "value", None), str | bytes)
