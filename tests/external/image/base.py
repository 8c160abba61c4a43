"""Base images for the tests: a Debian with Python, laid out as Docker's official Python image, and nginx.

PYTHON_IMAGE and NGINX_IMAGE name others, where images can be pulled.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from tests.external.image.podman import podman

_SUITE = "trixie"
_DAY, _WEEK = "24h", "168h"

_MAKE = [
    "mmdebstrap",
    "--quiet",
    "--variant=minbase",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "locale", "man")),
]
_PYTHON = [
    "--include=ca-certificates,python3-venv",
    # Python and pip under /usr/local, without bytecode.
    '--customize-hook=chroot "$1" python3 -m venv /usr/local',
    '--customize-hook=find "$1/usr" -name "*.pyc" -delete',
]
_NGINX = ["--include=nginx"]


def base() -> str:
    """Return the name of the base image."""
    # Images of earlier builds.
    podman("image", "prune", "--force", "--filter", f"until={_DAY}")
    return os.environ.get("PYTHON_IMAGE") or _made("clevora-mock-base", _PYTHON)


def nginx() -> str:
    """Return the name of an image of nginx."""
    return os.environ.get("NGINX_IMAGE") or _made("clevora-mock-nginx", _NGINX)


def _made(short: str, options: list[str]) -> str:
    """Return the name of an image, built if there is none from this week."""
    name = f"localhost/{short}:{_SUITE}"
    if not _listed(name) or _listed(name, f"--filter=until={_WEEK}"):
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder, "image.tar")
            made = subprocess.run([*_MAKE, *options, _SUITE, str(archive)], capture_output=True, text=True, check=False)
            assert made.returncode == 0, made.stderr
            podman("import", "--quiet", str(archive), name)
    return name


def _listed(name: str, *filters: str) -> bool:
    return bool(podman("images", "--quiet", f"--filter=reference={name}", *filters).strip())
