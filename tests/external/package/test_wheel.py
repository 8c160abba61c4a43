"""The package from its wheel, in a clean environment and outside the checkout."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import clevora_mock
from tests.external.package.conftest import ROOT, Installed, run

CHAT = """
import json, os, urllib.request as u
def ask(path, body=None, **headers):
    headers |= {"Authorization": "Bearer " + os.environ["CLEVORA_API_KEY"]}
    url = os.environ["CLEVORA_MOCK_URL"] + path
    return u.urlopen(u.Request(url, None if body is None else json.dumps(body).encode(), headers)).read().decode()
"""


def test_the_version_is_printed(installed: Installed) -> None:
    """By its script and as a module, with the checkout's version."""
    expected = f"clevora-mock, version {clevora_mock.__version__}\n"
    assert installed("clevora-mock", "--version") == installed("python", "-m", "clevora_mock", "--version") == expected


def test_scenarios_catalog_and_pages_are_there(installed: Installed) -> None:
    """The data files beside the package in a checkout."""
    shipped = {file.stem for file in (ROOT / "scenarios").glob("*.yaml")}
    assert {line.split()[0] for line in installed("clevora-mock", "scenarios").splitlines()} == shipped
    source = """
found = json.loads(ask("/v1/search", {"query": "underwater drone footage", "limit": 1}))["results"][0]["title"]
script = json.loads(ask("/v1/scripts/generate", {"topic": "the sea"}))["script"]["title"]
hello = json.loads(ask("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hello!"}]}))
page = ask("/", Accept="text/html")
vector = json.loads(ask("/v1/embeddings", {"input": "the sea"}))["data"][0]["embedding"]
print(json.dumps([found, script, hello["usage"]["total_tokens"], page[:15].lower(), len(vector)]))
"""
    said = installed("clevora-mock", "exec", "--scenario", "default", "--", "python", "-c", CHAT + source)
    found, script, tokens, page, length = json.loads(said)
    assert "underwater" in found.lower()
    assert "sea" in script.lower()
    assert (tokens, page, length) == (40, "<!doctype html>", 1536)


def test_the_pytest_plugin_comes_with_it(installed: Installed) -> None:
    installed.pip("install", "pytest")
    file = installed.folder / "test_it.py"
    file.write_text("def test_it(clevora): assert clevora.balance == 100\n", encoding="utf-8")
    assert "1 passed" in installed("pytest", "-q", str(file))


def test_type_checkers_accept_it(installed: Installed, tmp_path: Path) -> None:
    """In strict mode, by the wheel's own annotations; beside the tests, mypy would find the checkout."""
    installed.pip("install", "mypy", "pytest")
    program = shutil.copy(Path(__file__).with_name("consumer.py"), tmp_path)
    assert "no issues" in installed("mypy", "--strict", str(program))


def test_it_stays_small(installed: Installed) -> None:
    names = {line.partition("==")[0].lower() for line in installed.pip("freeze").splitlines()}
    assert not names & {"pydantic", "fastapi", "httpx", "faker"}
    files = installed.folder.rglob("site-packages/clevora_mock/**/*.*")
    size = sum(file.stat().st_size for file in files if file.parent.name != "__pycache__")
    assert 1_000_000 < size < 4_000_000


def test_tool_runners_can_run_it(wheel: Path, tmp_path: Path) -> None:
    """``uvx`` and ``pipx run``, which install it for one run."""
    run([sys.executable, "-m", "venv", tmp_path / "tools"], tmp_path)
    tools = tmp_path / "tools" / "bin"
    subprocess.run([tools / "python", "-m", "pip", "--quiet", "install", "pipx", "uv"], check=True, timeout=300)
    expected = f"clevora-mock, version {clevora_mock.__version__}\n"
    assert run([tools / "uvx", "--from", wheel, "clevora-mock", "--version"], tmp_path) == expected
    away = {"PIPX_HOME": str(tmp_path / "pipx")}
    assert run([tools / "pipx", "run", "--spec", wheel, "clevora-mock", "--version"], tmp_path, **away) == expected
