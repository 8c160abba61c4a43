"""The image's contents."""

from typing import Any

from clevora_mock.version import __version__
from tests.external.image.conftest import Run

# The base image is not checked, only the layers above it.
_TOP_MEGABYTES = 110

# Loads the modules for serving, and prints those that had to be compiled.
_UNCOMPILED = """
import pathlib, sys
import clevora_mock.cli.banner, clevora_mock.cli.log, clevora_mock.cli.main, clevora_mock.server.service, uvloop
specs = [module.__spec__ for module in sys.modules.values() if getattr(module, "__spec__", None)]
cached = [spec for spec in specs if spec.cached]
print(len(cached), *(spec.name for spec in cached if not pathlib.Path(spec.cached).exists()))
"""


def test_the_user_is_not_root_and_is_named_by_number(image: dict[str, Any], run: Run) -> None:
    assert image["Config"]["User"] == "10001:10001"
    assert run(options=("--entrypoint", "id")).stdout.startswith("uid=10001")


def test_no_compiler_and_no_installer(run: Run) -> None:
    found = run("-c", "command -v gcc cc make pip pip3 git; python3 -m pip", options=("--entrypoint", "sh"))

    assert found.stdout == ""
    assert "No module named pip" in found.stderr


def test_no_sources_caches_or_leftovers(run: Run) -> None:
    listed = run(
        "-c", "ls -A /source /wheels /build /root /tmp /scenarios /etc/pip.conf", options=("--entrypoint", "sh")
    )

    assert not [line for line in listed.stdout.splitlines() if line and not line.endswith(":")]


def test_nothing_is_compiled_at_the_start(run: Run) -> None:
    printed = run("-c", _UNCOMPILED, options=("--entrypoint", "python3"))

    loaded, *uncompiled = printed.stdout.split()
    assert uncompiled == []
    assert int(loaded) > 200


def test_labels_describe_the_image(image: dict[str, Any]) -> None:
    labels = {name.removeprefix("org.opencontainers.image."): said for name, said in image["Labels"].items()}

    assert labels["title"] == "clevora-mock"
    assert labels["version"] == __version__
    assert labels["licenses"] == "MIT"
    assert labels["description"]


def test_it_is_small(top: int) -> None:
    assert top < _TOP_MEGABYTES * 1_000_000
