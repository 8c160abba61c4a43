"""The console's libraries: files of npm packages, copied into the package with a manifest.

``python -m tests.support.vendored`` fetches them anew. To upgrade a library, change its version here and run it.
"""

import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

LIBRARIES = Path(__file__).parents[2] / "clevora_mock" / "control" / "console" / "lib"
MANIFEST = LIBRARIES / "manifest.json"
LICENSES = LIBRARIES / "LICENSES.txt"


class Vendored(NamedTuple):
    """A file of an npm package, its name here, and what is added at its end."""

    name: str
    package: str
    version: str
    source: str
    addition: str = ""


FILES = (
    Vendored("preact.js", "preact", "11.2.0", "dist/preact.mjs"),
    Vendored("hooks.js", "preact", "11.2.0", "hooks/dist/hooks.mjs"),
    Vendored("htm.js", "htm", "3.1.1", "dist/htm.mjs"),
    Vendored("signals-core.js", "@preact/signals-core", "1.14.5", "dist/signals-core.mjs"),
    Vendored("signals.js", "@preact/signals", "2.11.4", "dist/signals.mjs"),
    # The package's module is not minified, and three times as large.
    Vendored("uplot.js", "uplot", "1.6.32", "dist/uPlot.iife.min.js", "export default uPlot;\n"),
    Vendored("uplot.css", "uplot", "1.6.32", "dist/uPlot.min.css"),
)

# Browsers resolve only relative names without a map of imports.
IMPORTS = {"preact": "./preact.js", "preact/hooks": "./hooks.js", "@preact/signals-core": "./signals-core.js"}
_IMPORT = re.compile(r'(?<=from)"([^"]+)"')
_SOURCE_MAP = re.compile(r"//# sourceMappingURL=\S+\s*$")


def refresh() -> None:
    """Write the files, their licenses and the manifest."""
    manifest: dict[str, dict[str, object]] = {}
    licenses: dict[str, str] = {}
    for file in FILES:
        packed = dict(unpacked(file))
        description = json.loads(packed["package.json"])
        text, changes = adapted(packed[file.source], file.addition)
        content = text.encode()
        (LIBRARIES / file.name).write_bytes(content)
        licenses[f"{file.package} ({description['license']})"] = packed["LICENSE"]
        manifest[file.name] = {
            "package": file.package,
            "version": file.version,
            "license": description["license"],
            "source": file.source,
            "changes": changes,
            "bytes": len(content),
            "sha256": sha256(content).hexdigest(),
        }
    MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    LICENSES.write_text("\n\n".join(f"{name}\n\n{text.strip()}" for name, text in licenses.items()) + "\n", "utf-8")


def adapted(text: str, addition: str = "") -> tuple[str, list[str]]:
    """Return a library's text as browsers need it, and what was changed."""
    changes = []
    for name in sorted({*_IMPORT.findall(text)} & IMPORTS.keys()):
        text = text.replace(f'from"{name}"', f'from"{IMPORTS[name]}"')
        changes.append(f"imports {IMPORTS[name]} instead of {name}")
    if _SOURCE_MAP.search(text):
        text = _SOURCE_MAP.sub("\n", text)
        changes.append("without the address of its source map")
    if addition:
        text = f"{text.rstrip()}\n{addition}"
        changes.append(f"{addition.strip()} added at its end")
    return text, changes


def unpacked(file: Vendored) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the files that are needed of an npm package."""
    with TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{file.package}@{file.version}", "--pack-destination", folder, "--silent"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).iterdir()
        with tarfile.open(archive) as packed:
            for name in ("package.json", "LICENSE", file.source):
                content = packed.extractfile(f"package/{name}")
                assert content is not None, f"{file.package} has no {name}"
                yield name, content.read().decode()


if __name__ == "__main__":
    refresh()
