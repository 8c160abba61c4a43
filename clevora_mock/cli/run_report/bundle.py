"""One script from JavaScript modules that import each other by relative paths.

A module becomes a function that is called once, after those that it imports; its exports become the properties of an
object. That takes the forms of import and export that the package's own modules and the vendored libraries have, and
exports that keep their values.
"""

import re
from collections.abc import Callable
from pathlib import PurePosixPath

# Minified modules have neither spaces nor lines; all others begin a line with what is theirs to import or export.
_IMPORT = re.compile(r'(?:^|(?<=[;}]))import\s*(?:(\w+)|\{([^}]*)\})\s*from\s*"([^"]+)";?', re.MULTILINE)
_EXPORT_FROM = re.compile(r'(?:^|(?<=[;}]))export\s*\{([^}]*)\}\s*from\s*"([^"]+)";?', re.MULTILINE)
_EXPORT_NAMES = re.compile(r"(?:^|(?<=[;}]))export\s*\{([^}]*)\};?", re.MULTILINE)
_EXPORT_DEFAULT = re.compile(r"(?:^|(?<=[;}]))export default ", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|const|class) (\w+)", re.MULTILINE)


class Bundle:
    """Modules in the order in which they run; `read` returns the text of one by its path.

    Raises ValueError for modules that import each other in a circle.
    """

    def __init__(self, read: Callable[[str], str]) -> None:
        self._read = read
        self._names: dict[str, str] = {}
        self._pending: set[str] = set()
        self._parts: list[str] = []

    def add(self, path: str) -> str:
        """Add a module and those that it imports, and return the name of the object that has its exports."""
        if path in self._names:
            return self._names[path]
        if path in self._pending:
            raise ValueError(f"{path} imports itself")
        self._pending.add(path)
        exports: dict[str, str] = {}
        text = _IMPORT.sub(lambda match: self._import(path, match), self._read(path))
        text = _EXPORT_FROM.sub(lambda match: self._export_from(path, match, exports), text)
        for match in _EXPORT_NAMES.finditer(text):
            exports |= _pairs(match[1], exported=True)
        exports |= {match[2]: match[2] for match in _EXPORT.finditer(text)}
        text = _EXPORT.sub(r"\1 \2", _EXPORT_NAMES.sub("", text))
        if _EXPORT_DEFAULT.search(text):
            text = _EXPORT_DEFAULT.sub("const $default = ", text)
            exports["default"] = "$default"
        name = self._names[path] = f"$module{len(self._names) + 1}"
        listed = ", ".join(f"{outer}: {inner}" for outer, inner in exports.items())
        self._parts.append(f"// {path}\nconst {name} = (() => {{\n{text.strip()}\nreturn {{ {listed} }};\n}})();\n")
        return name

    def text(self) -> str:
        """Return the script."""
        return "\n".join(self._parts)

    def _import(self, path: str, match: re.Match[str]) -> str:
        default, names, source = match.groups()
        pairs = {"default": default} if default else _pairs(names)
        listed = ", ".join(f"{outer}: {inner}" for outer, inner in pairs.items())
        return f"const {{ {listed} }} = {self.add(_resolve(path, source))};"

    def _export_from(self, path: str, match: re.Match[str], exports: dict[str, str]) -> str:
        name = self.add(_resolve(path, match[2]))
        exports.update({outer: f"{name}.{inner}" for outer, inner in _pairs(match[1], exported=True).items()})
        return ""


def _pairs(names: str, *, exported: bool = False) -> dict[str, str]:
    """Return the names outside a module by those inside it, or the reverse, of a list such as ``a, b as c``."""
    pairs = {}
    for item in filter(None, map(str.strip, names.split(","))):
        first, _, second = item.partition(" as ")
        outer, inner = (second or first, first) if exported else (first, second or first)
        pairs[outer] = inner
    return pairs


def _resolve(path: str, source: str) -> str:
    """Return the path of what the module at `path` imports from the relative path `source`."""
    parts = list(PurePosixPath(path).parent.parts)
    for part in PurePosixPath(source).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
