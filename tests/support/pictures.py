"""The documentation's pictures of the console: copies of screenshots, and the digest of the console that they show.

``make test-console`` makes the screenshots, and ``python -m tests.support.pictures`` copies them.
"""

import shutil
from hashlib import sha256
from pathlib import Path

from tests.support.documents import DOCS, ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
PICTURES = DOCS / "images"
# Each picture, and the screenshot that it is.
SHOWN = {
    "traffic.png": "entry-light-1440.png",
    "money.png": "money-light-1440.png",
    "levers.png": "levers-scenario-light-1440.png",
}
DIGEST = PICTURES / "console.sha256"
_CONSOLE = ROOT / "clevora_mock" / "control" / "console"


def digest_of_console() -> str:
    """Return the digest of all files that the console's look comes from."""
    digest = sha256()
    files = (path for path in _CONSOLE.rglob("*") if path.suffix in {".css", ".html", ".js"})
    for path in sorted(files, key=lambda path: path.relative_to(_CONSOLE).as_posix()):
        digest.update(path.relative_to(_CONSOLE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def copy_pictures() -> None:
    """Copy the screenshots, and note which console they show. Raises FileNotFoundError before they are made."""
    PICTURES.mkdir(exist_ok=True)
    for picture, screenshot in SHOWN.items():
        shutil.copyfile(SCREENSHOTS / screenshot, PICTURES / picture)
    DIGEST.write_text(f"{digest_of_console()}\n", encoding="utf-8")


def missing() -> list[Path]:
    """Return the pictures that are not there."""
    return [PICTURES / picture for picture in SHOWN if not (PICTURES / picture).exists()]


if __name__ == "__main__":
    copy_pictures()
