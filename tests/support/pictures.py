"""The documentation's pictures of the console: copies of screenshots, and digests that tell old ones from present ones.

``make test-console`` makes the screenshots, each set with the digest of the console that it shows, and
``python -m tests.support.pictures`` copies them.
"""

import shutil
from hashlib import sha256
from pathlib import Path

from tests.support.documents import DOCS, ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
# The theme and width of the pictures.
SHOWN_SET = "light-1440"
# Each picture, and the view that it shows.
SHOWN = {"traffic.png": "entry", "money.png": "money", "levers.png": "levers-scenario"}
_PICTURES = DOCS / "images"
_DIGESTS = _PICTURES / "console.sha256"
_CONSOLE = ROOT / "clevora_mock" / "control" / "console"


def screenshot(view: str, shown_set: str) -> Path:
    """Return the file of a view's screenshot in a set, such as ``dark-380``."""
    return SCREENSHOTS / f"{view.replace('/', '-')}-{shown_set}.png"


def note_console(shown_set: str, digest: str) -> None:
    """Note beside a set of screenshots which console they show."""
    _noted(shown_set).write_text(f"{digest}\n", encoding="utf-8")


def digest_of_console() -> str:
    """Return the digest of all files that the console's look comes from."""
    digest = sha256()
    files = (path for path in _CONSOLE.rglob("*") if path.suffix in {".css", ".html", ".js"})
    for path in sorted(files, key=lambda path: path.relative_to(_CONSOLE).as_posix()):
        digest.update(path.relative_to(_CONSOLE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def copy_pictures() -> None:
    """Copy the screenshots, and note the console that they show. Raises FileNotFoundError before they are made."""
    console = _noted(SHOWN_SET).read_text(encoding="utf-8").strip()
    for picture, view in SHOWN.items():
        shutil.copyfile(screenshot(view, SHOWN_SET), _PICTURES / picture)
    lines = [f"{digest}  {name}\n" for name, digest in {"console": console, **_digests_of_pictures()}.items()]
    _DIGESTS.write_text("".join(lines), encoding="utf-8")


def noted_digests() -> dict[str, str]:
    """Return the digests of the console that the pictures show, and of the pictures, as they were copied."""
    lines = _DIGESTS.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def present_digests() -> dict[str, str]:
    """Return the same digests of what is there."""
    return {"console": digest_of_console(), **_digests_of_pictures()}


def _digests_of_pictures() -> dict[str, str]:
    return {picture: sha256((_PICTURES / picture).read_bytes()).hexdigest() for picture in SHOWN}


def _noted(shown_set: str) -> Path:
    return SCREENSHOTS / f"{shown_set}.sha256"


if __name__ == "__main__":
    copy_pictures()
