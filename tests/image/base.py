"""The base that the images are built on: a Debian with Python, laid out as Docker's official image of Python is.

PYTHON_IMAGE names another, where images can be pulled.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from tests.image.podman import podman

_SUITE = "trixie"
_NAME = f"localhost/clevora-mock-base:{_SUITE}"
_DAY, _WEEK = "24h", "168h"

_MAKE = [
    "mmdebstrap",
    "--quiet",
    "--variant=minbase",
    "--include=ca-certificates,python3-venv",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "locale", "man")),
    # Python, and a pip, under /usr/local, and nothing compiled.
    '--customize-hook=chroot "$1" python3 -m venv /usr/local',
    '--customize-hook=find "$1/usr" -name "*.pyc" -delete',
    _SUITE,
]


def base() -> str:
    """The name of the base; made when there is none yet, or none of this week's."""
    # What earlier builds left behind.
    podman("image", "prune", "--force", "--filter", f"until={_DAY}")
    if given := os.environ.get("PYTHON_IMAGE"):
        return given
    if not _listed() or _listed(f"--filter=until={_WEEK}"):
        _make()
    return _NAME


def _make() -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "base.tar")
        made = subprocess.run([*_MAKE, str(archive)], capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        podman("import", "--quiet", str(archive), _NAME)


def _listed(*filters: str) -> bool:
    return bool(podman("images", "--quiet", f"--filter=reference={_NAME}", *filters).strip())
