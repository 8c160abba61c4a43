"""The README is run: what needs nothing but Python here, the rest where its programs are."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from clevora_mock.cli.banner import banner
from clevora_mock.cli.terminal import Styler
from clevora_mock.core.run_summary import RunSummary
from clevora_mock.settings import Settings
from tests.readme import ADDRESS, README, Block, blocks, name
from tests.server import Running, running
from tests.support.program import environment, run

BLOCKS = blocks()
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """One that nobody else uses, in the place of the README's."""
    with running(Settings()) as fresh:
        yield fresh


def of(*languages: str) -> pytest.MarkDecorator:
    """Parametrized by the suite's blocks in these languages."""
    found = [block for block in blocks("suite") if block.language in languages]
    assert found
    return pytest.mark.parametrize("block", found, ids=name)


def test_every_block_is_run_by_somebody() -> None:
    """A block in a language that is new here has nobody yet."""
    assert {block.runner for block in BLOCKS} == {"suite", "clients", "package", "image"}


def test_it_begins_as_a_newcomer_reads() -> None:
    """A sentence, what it is not, start it, change the base URL, cause a fault; before all else."""
    text = README.read_text(encoding="utf-8")
    assert re.match(r"# clevora-mock\n\n[A-Z][^\n]+\.\n", text)
    assert 0 < text.index("**What it is not.**") < text.index("## Start it")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[:3] == ["Start it", "Change `base_url`", "Your first fault"]
    assert headings.index("Settings") > headings.index("In your tests")


def test_no_link_leads_nowhere() -> None:
    """To a heading or to a file."""
    text = README.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    for link in links:
        assert link[1:] in slugs if link.startswith("#") else (README.parent / link).exists(), link


@of("python")
def test_programs_run_as_printed(block: Block, server: Running, tmp_path: Path) -> None:
    """As tests where they hold some, else as scripts; and they print what they say they print."""
    file = tmp_path / "test_printed.py"
    file.write_text(block.at(server.url.removeprefix("http://")), encoding="utf-8")
    is_suite = "def test_" in block.text
    command = [*PYTEST, f"--basetemp={tmp_path / 'temp'}", "-W", "error", str(file)] if is_suite else [str(file)]
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout
    if block.promised:
        assert ended.stdout.split() == block.promised


@of("ini")
def test_configuration_is_pytests(block: Block, tmp_path: Path) -> None:
    """The sandbox of a test has what it asks for."""
    (tmp_path / "pytest.ini").write_text(block.text, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(
        "def test_it(clevora):\n    health = clevora.call('GET', '/__mock/health')\n"
        "    assert (health['seed'], health['clock']['mode']) == (7, 'frozen')\n",
        encoding="utf-8",
    )
    command = [sys.executable, *PYTEST, f"--basetemp={tmp_path / 'temp'}"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert "1 passed" in ended.stdout, ended.stdout


@of("yaml")
def test_scenarios_have_nothing_wrong(block: Block, tmp_path: Path) -> None:
    """By check's own word, and a server starts with them."""
    file = tmp_path / "printed.yaml"
    file.write_text(block.text, encoding="utf-8")
    assert run("check", str(file)).stdout == "1 file: nothing wrong\n"
    health = "import os, urllib.request as u\n"
    health += "print(u.urlopen(os.environ['CLEVORA_MOCK_URL'] + '/__mock/health').read())"
    assert "flaky-chat" in run("exec", "--scenario", str(file), "--", sys.executable, "-c", health).stdout


class TestTexts:
    """What the README shows of the program's own words."""

    @pytest.fixture
    def shown(self) -> dict[str, str]:
        """By section."""
        return {block.section: block.text for block in blocks("suite") if block.language == "text"}

    def test_there_are_no_others(self, shown: dict[str, str]) -> None:
        """Each has its test here."""
        assert shown.keys() == {"Start it", "In your tests"}

    def test_the_banner(self, shown: dict[str, str]) -> None:
        """To the letter, but for the process's number."""
        said, _, ready = shown["Start it"].partition("READY ")
        assert said == banner(Settings(), f"http://{ADDRESS}", Styler(sys.stdout))
        assert json.loads(ready) | {"pid": 0} == {
            "url": f"http://{ADDRESS}",
            "sandbox": "default",
            "seed": 0,
            "pid": 0,
        }

    def test_the_summary(self, shown: dict[str, str]) -> None:
        """Of two failures and the documented chat."""
        summary = RunSummary()
        with running(Settings(clock="frozen", scenario="flaky")) as server:
            journal = server.sandbox().journal
            server.do(lambda: journal.listeners.append(partial(summary.add, "default")))
            source = (
                "from openai import OpenAI\n"
                f"client = OpenAI(base_url={server.base_url!r}, api_key={server.api_key!r}, max_retries=2)\n"
                "client.chat.completions.create(model='clevora-1.0-turbo', "
                "messages=[{'role': 'user', 'content': 'Hello!'}])\n"
            )
            subprocess.run([sys.executable, "-c", source], env=environment(), check=True, timeout=60)
        head, *rest = summary.lines([])
        expected = "".join(f"{line}\n" for line in (f"clevora-mock: {head}", *(f"  {line}" for line in rest)))
        assert shown["In your tests"] == expected
