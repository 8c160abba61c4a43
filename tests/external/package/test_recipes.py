"""The documentation's recipes for CI, as far as they run without a CI: their files parsed, their commands run.

A clean environment is the CI's machine; the wheel is in ``vendor``, as in the recipes.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from clevora_mock.settings import DEMO_KEY, Settings
from tests.external.package.conftest import ROOT
from tests.support.documents import Block, blocks, name
from tests.support.program import environment
from tests.support.server import RunningServer, serve_settings

TEST = """
import os
from openai import OpenAI

def test_hello():
    client = OpenAI(base_url=os.environ["CLEVORA_BASE_URL"], api_key=os.environ["CLEVORA_API_KEY"])
    answer = client.chat.completions.create(
        model="clevora-1.0-turbo", messages=[{"role": "user", "content": "Hello!"}]
    )
    assert answer.usage.total_tokens == 40
"""

RECIPES = {block: yaml.safe_load(block.text) for block in blocks("package") if block.language == "yaml"}


class Machine:
    """A project with one test, and a Python without packages."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        (folder / "test_it.py").write_text(TEST, encoding="utf-8")
        (folder / "vendor").mkdir()
        shutil.copyfile(wheel, folder / "vendor" / wheel.name)
        subprocess.run(["python3", "-m", "venv", folder / "python"], check=True)
        self._environment = environment() | {
            "PATH": f"{folder / 'python' / 'bin'}:{os.environ['PATH']}",
            "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
        }

    def run(self, command: str, **variables: str) -> str:
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=self._environment | variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == 0, f"{command}: {ended.stdout}{ended.stderr}"
        return ended.stdout


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Machine:
    """Provide one machine for all jobs; only the first finds it empty."""
    return Machine(tmp_path_factory.mktemp("machine"), wheel)


@pytest.fixture
def service() -> Iterator[RunningServer]:
    """Run the service that the CI starts beside the job."""
    with serve_settings(Settings()) as server:
        yield server


def jobs(recipe: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the commands, variables and services of GitHub's and GitLab's jobs alike."""
    if "jobs" not in recipe:
        return [
            {"commands": job["script"], "variables": job.get("variables", {}), "services": job.get("services", [])}
            for job in recipe.values()
        ]
    return [
        {
            "commands": [step["run"] for step in job["steps"] if "run" in step],
            "variables": job.get("env", {}),
            "services": [{"alias": alias} | service for alias, service in job.get("services", {}).items()],
        }
        for job in recipe["jobs"].values()
    ]


@pytest.mark.parametrize(
    ("block", "job"),
    [(block, job) for block, recipe in RECIPES.items() for job in jobs(recipe)],
    ids=lambda value: name(value) if isinstance(value, Block) else ("service" if value["services"] else "step"),
)
def test_a_job_passes(block: Block, job: dict[str, Any], machine: Machine, service: RunningServer) -> None:
    """Its commands run in order, with its variables, and with the service where the CI has one."""
    here = service.url.removeprefix("http://")
    for place in ("localhost:2538", "clevora-mock:2538"):
        job["variables"] = {name: value.replace(place, here) for name, value in job["variables"].items()}
    said = [
        machine.run(command.replace("localhost:2538", here), **(job["variables"] if job["services"] else {}))
        for command in job["commands"]
    ]
    assert "1 passed" in said[-1]


@pytest.mark.parametrize("block", RECIPES, ids=name)
def test_a_service_is_the_image(block: Block) -> None:
    for job in jobs(RECIPES[block]):
        for service in job["services"]:
            assert service["alias"] == "clevora-mock"
            assert f"{service.get('image', service.get('name'))}".endswith("/clevora-mock")
            assert service.get("ports", [f"{Settings().port}:{Settings().port}"]) == ["2538:2538"]
            assert job["variables"]["CLEVORA_API_KEY"] == DEMO_KEY
            assert f":{Settings().port}/v1" in job["variables"]["CLEVORA_BASE_URL"]


def test_the_makefile_tests(machine: Machine) -> None:
    """The second run reuses the environment of the first."""
    (block,) = (block for block in blocks("package") if block.language == "make")
    (machine.folder / "Makefile").write_text(block.text, encoding="utf-8")
    assert "1 passed" in machine.run("make test")
    assert "1 passed" in machine.run("make test")


@pytest.mark.parametrize("block", [block for block in blocks("package") if block.language == "sh"], ids=name)
def test_it_installs_from_a_checkout(block: Block, wheel: Path, machine: Machine) -> None:
    checkout = machine.folder.parent / "clevora-mock"
    if not checkout.exists():
        checkout.symlink_to(wheel.parent / "source")
    machine.run(block.text)
    assert list(machine.folder.glob(".venv/bin/clevora-mock")) or list(machine.folder.glob("vendor/*.whl"))
