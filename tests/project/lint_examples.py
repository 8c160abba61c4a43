"""Check the style and the types of the worked examples of changes to the package.

``make lint`` runs it, since the suite is installed without ruff and mypy. All changes are made in one copy of the
project.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.changes import PAGES, apply_change, copy_project
from tests.support.documents import ROOT

COMMANDS = (("ruff", "format", "--check", "."), ("ruff", "check", "."), ("mypy",))


def main() -> int:
    """Run each check; return 0 if all succeed, or 1."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        copy_project(folder)
        if (ROOT / ".mypy_cache").is_dir():
            # Of the files without a change, mypy has the types.
            shutil.copytree(ROOT / ".mypy_cache", folder / ".mypy_cache")
        for page in PAGES:
            apply_change(page, folder)
        ended = [subprocess.run([sys.executable, "-m", *command], cwd=folder, check=False) for command in COMMANDS]
    return int(any(one.returncode for one in ended))


if __name__ == "__main__":
    sys.exit(main())
