"""The example's own tests pass against a server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import RunningServer

EXAMPLE = Path(__file__).parents[2] / "examples" / "rundown"


@pytest.mark.slow
def test_the_examples_tests_pass(frozen_server: RunningServer, tmp_path: Path) -> None:
    environment = os.environ | {"CLEVORA_BASE_URL": frozen_server.base_url, "CLEVORA_API_KEY": frozen_server.api_key}

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", f"--basetemp={tmp_path / 'temp'}", str(EXAMPLE)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
