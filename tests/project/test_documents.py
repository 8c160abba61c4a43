"""The documentation's code blocks: those that need only Python run here, the others beside their programs."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest
import yaml
from openai import OpenAI

from clevora_mock.settings import Settings
from tests.support.documents import (
    ADDRESS,
    DOCS,
    README,
    ROOT,
    Block,
    blocks,
    documents,
    is_json,
    is_printed,
    name,
    write_files,
)
from tests.support.pictures import noted_digests, present_digests
from tests.support.program import environment, run_in_process, run_program, serve_process
from tests.support.server import RunningServer, serve_settings

BLOCKS = blocks()
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
# Output of the program, with separate tests below.
BANNER = ("README.md", "Start it")
SUMMARY = ("docs/how-to/any-test-runner.md", "Read the summary")
LOG = ("docs/reference/journal.md", "The log")

DOCUMENTS = {path.relative_to(ROOT).as_posix(): path for path in documents()}


@pytest.fixture
def server() -> Iterator[RunningServer]:
    """Provide a separate server in place of the documentation's."""
    with serve_settings(Settings()) as fresh:
        yield fresh


def of(*languages: str) -> pytest.MarkDecorator:
    """Parametrize by the suite's blocks in these languages."""
    found = [block for block in blocks("suite") if block.language in languages]
    assert found
    return pytest.mark.parametrize("block", [pytest.param(block, marks=weight(block)) for block in found], ids=name)


def weight(block: Block) -> list[pytest.MarkDecorator]:
    """Mark the programs that are slow to start."""
    return [pytest.mark.slow] if re.search(r"def test_|openai|\[(tool\.)?pytest", block.text) else []


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in `folder`, so that it finds the modules there, as in a project."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def follower(block: Block) -> Block | None:
    """Return the block of text or JSON that shows the output of `block`."""
    after = BLOCKS[BLOCKS.index(block) + 1 :]
    following = after[0] if after else None
    if following and following.section == block.section and following.language in {"text", "json"}:
        return following
    return None


def test_every_block_has_a_runner() -> None:
    """A block in a new language has no runner yet."""
    assert {block.runner for block in BLOCKS} == {"suite", "clients", "package", "image", "extending"}


def test_every_text_block_follows_its_command() -> None:
    """No output is shown without the command that makes it."""
    shown = {name(following) for block in BLOCKS if (following := follower(block))}
    texts = [block for block in BLOCKS if block.language in {"text", "json"} and name(block) not in shown]
    assert [name(block) for block in texts if (block.place, block.section) not in {BANNER, SUMMARY, LOG}] == []


class TestReadme:
    """The README's own text."""

    def test_the_readme_is_short(self) -> None:
        assert len(README.read_text(encoding="utf-8").splitlines()) <= 200

    def test_it_begins_in_the_order_of_a_first_use(self) -> None:
        """In order: a description, a disclaimer, the start, the base URL, a fault."""
        text = README.read_text(encoding="utf-8")
        assert re.match(r"# clevora-mock\n\n[A-Z][^\n]+\.\n", text)
        assert 0 < text.index("**What it is not.**") < text.index("## Start it")
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings[:3] == ["Start it", "Change `base_url`", "Your first fault"]

    def test_it_leads_to_every_part_of_the_documentation(self) -> None:
        """Each entry of Sphinx's table of contents."""
        text = README.read_text(encoding="utf-8")
        pages = [path for path in DOCS.glob("*.md") if path.name not in {"index.md", "contributing.md", "security.md"}]
        indexes = [path for path in DOCS.glob("*/index.md") if path.parent.name not in {"adr", "extending"}]
        assert [path.name for path in (*pages, *indexes) if path.relative_to(ROOT).as_posix() not in text] == []


def test_every_link_has_a_target() -> None:
    wrong = []
    for place, document in DOCUMENTS.items():
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
            path, _, heading = link.partition("#")
            target = document.parent / path if path else document
            if not link.startswith("http") and not (target.exists() and (not heading or heading in slugs(target))):
                wrong.append((place, link))
    assert wrong == []


def slugs(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_addresses_are_this_machines() -> None:
    """Or names of containers, or reserved for examples: no index, registry or other host."""
    hosts = {
        (place, host)
        for place, document in DOCUMENTS.items()
        for host in re.findall(r"https?://([\w.-]+)", document.read_text(encoding="utf-8"))
    }
    foreign = [
        (place, host)
        for place, host in sorted(hosts)
        if "." in host and host != "127.0.0.1" and not host.endswith((".example", ".invalid"))
    ]
    assert foreign == []


def test_every_page_of_the_documentation_is_in_its_contents() -> None:
    """Sphinx warns of other pages; this test works without Sphinx."""
    missing = []
    for document in DOCUMENTS.values():
        if DOCS in document.parents and document != DOCS / "index.md":
            folder = document.parent
            index = DOCS / "index.md" if folder == DOCS or document.name == "index.md" else folder / "index.md"
            entry = document.relative_to(index.parent).with_suffix("").as_posix()
            if not re.search(rf"^{re.escape(entry)}$", index.read_text(encoding="utf-8"), re.MULTILINE):
                missing.append(entry)
    assert missing == []


@of("python")
def test_programs_run_as_printed(block: Block, server: RunningServer, tmp_path: Path) -> None:
    """As tests if they have some, else as scripts, beside the files above them; the output is the printed one."""
    address = server.url.removeprefix("http://")
    write_files(block.document, tmp_path, address, before=block.line)
    is_suite = "def test_" in block.text
    file = block.file or ("test_printed.py" if is_suite else "printed.py")
    (tmp_path / file).write_text(block.at(address), encoding="utf-8")
    command = [*PYTEST, f"--basetemp={tmp_path / 'temp'}", "-W", "error", file] if is_suite else [file]
    ended = python(tmp_path, *command)
    shown = follower(block)
    fails = is_suite and shown is not None and " failed" in shown.text
    assert ended.returncode == int(fails), ended.stdout + ended.stderr
    assert ended.stdout or block.file
    if block.promised:
        assert ended.stdout.split() == block.promised
    if shown is not None and shown.language == "json":
        assert is_json(json.loads(shown.text), json.loads(ended.stdout)), ended.stdout
    elif shown is not None:
        assert is_printed(shown.text, ended.stdout), ended.stdout


@of("ini", "toml")
def test_pytest_configuration_works_as_printed(block: Block, tmp_path: Path) -> None:
    (tmp_path / ("pytest.ini" if block.language == "ini" else "pyproject.toml")).write_text(
        block.text, encoding="utf-8"
    )
    (tmp_path / "test_it.py").write_text(
        "def test_it(clevora):\n    health = clevora.call('GET', '/__mock/health')\n"
        "    assert (health['seed'], health['clock']['mode']) == (7, 'frozen')\n",
        encoding="utf-8",
    )
    ended = python(tmp_path, *PYTEST, f"--basetemp={tmp_path / 'temp'}")
    assert "1 passed" in ended.stdout, ended.stdout


@of("yaml")
def test_scenarios_are_valid(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "printed.yaml"
    file.write_text(block.text, encoding="utf-8")
    checked = run_in_process("check", str(file))
    assert checked.returncode == 0, checked.stdout
    with serve_settings(Settings(scenario=str(file))) as server, urlopen(f"{server.url}/__mock/health") as health:
        assert json.load(health)["scenario"] == yaml.safe_load(block.text).get("name", "printed")


def test_every_block_of_json_is_json() -> None:
    for block in BLOCKS:
        if block.language == "json":
            json.loads(block.text)


class TestTexts:
    """Output of the program that the documentation quotes."""

    @pytest.fixture
    def shown(self) -> dict[tuple[str, str], str]:
        """Return quoted output by document and section."""
        return {(block.place, block.section): block.text for block in BLOCKS if block.language == "text"}

    def test_the_banner_is_as_shown(self, shown: dict[tuple[str, str], str]) -> None:
        """Except for the port and the process id."""
        with serve_process() as server:
            said = "\n".join([*server.banner, f"READY {json.dumps(server.ready, separators=(',', ':'))}"])
            assert is_printed(shown[BANNER], said.replace(server.url, f"http://{ADDRESS}"))

    @pytest.mark.slow
    def test_the_summary_is_as_shown(self, shown: dict[tuple[str, str], str]) -> None:
        source = (
            "from openai import OpenAI\nOpenAI(max_retries=2).chat.completions.create(model='clevora-1.0-turbo', "
            "messages=[{'role': 'user', 'content': 'Hello!'}])\n"
        )
        ended = run_program("exec", "--scenario", "flaky", "--clock", "frozen", "--", sys.executable, "-c", source)
        assert ended.returncode == 0
        assert is_printed(shown[SUMMARY], ended.stderr), ended.stderr

    def test_the_log_is_as_shown(self, shown: dict[tuple[str, str], str]) -> None:
        """Except for times and latencies."""
        chat: dict[str, object] = {"messages": [{"role": "user", "content": "Hello!"}]}
        steps: list[tuple[str, str, dict[str, object]]] = [
            ("POST", "/v1/chat/completions", chat | {"model": "clevora-1.0-turbo"}),
            ("POST", "/v1/chat/completions", chat | {"stream": True}),
            ("POST", "/v1/chat/completions", chat | {"temperature": "hot"}),
            ("PUT", "/__mock/scenario", {"name": "flaky"}),
            ("POST", "/v1/chat/completions", chat),
            ("PATCH", "/__mock/clock", {"mode": "frozen", "now": "2026-05-11T14:00:00Z"}),
            ("POST", "/v1/chat/completions", chat),
        ]
        with serve_process() as server:
            for method, path, body in steps:
                headers = {"authorization": f"Bearer {Settings().api_key}"}
                httpx.request(method, server.url + path, json=body, headers=headers)
            _, said = server.stop()

        def timeless(text: str) -> list[str]:
            """Replace each time and latency in the log's lines by a word."""
            lines = [line for line in text.splitlines() if re.match(r"\d\d:", line)]
            words = [re.sub(r"^\d\d:\d\d:\d\d", "TIME", line) for line in lines]
            return [re.sub(r"(?<= \d{3} ).{6}(?= )", "LATENCY", line) for line in words]

        assert timeless(shown[LOG]) == timeless(said)


class TestReference:
    """Handwritten lists in the reference, compared with the server's responses."""

    @pytest.fixture
    def asked(self, server: RunningServer) -> RunningServer:
        """Provide a server with one chat in its journal."""
        with OpenAI(base_url=server.base_url, api_key=server.api_key) as client:
            client.chat.completions.create(model="clevora-1.0-turbo", messages=[{"role": "user", "content": "Hello!"}])
        return server

    def test_every_field_of_the_journal_is_listed(self, asked: RunningServer) -> None:
        with urlopen(f"{asked.url}/__mock/requests") as answer:
            (entry,) = json.load(answer)["requests"]
        assert first_column("journal", "The journal") == list(entry)

    def test_every_field_of_a_line_of_the_log_is_listed(self) -> None:
        with serve_process("serve", "--log-format", "json") as server:
            urlopen(f"{server.url}/llms.txt").close()
            _, said = server.stop()
        assert first_column("journal", "The JSON log") == list(json.loads(said.splitlines()[0]))

    def test_every_field_of_a_snapshot_is_listed(self, asked: RunningServer) -> None:
        with urlopen(f"{asked.url}/__mock/state") as answer:
            assert first_column("snapshot", "The document") == list(json.load(answer))

    def test_every_variable_of_a_command_is_listed(self) -> None:
        """The variables of a command under `exec`."""
        source = "import os; print(*(name for name in os.environ))"
        told = run_program("exec", "--", sys.executable, "-c", source).stdout.split()
        # Python itself sets the last one in the C locale.
        added = set(told) - (set(environment()) - {"NO_PROXY", "no_proxy"}) - {"LC_CTYPE"}
        assert set(first_column("settings", "What `exec` sets")) == added

    def test_every_command_is_listed(self) -> None:
        listed = run_in_process("--help").stdout.partition("Commands:\n")[2]
        commands = [line.split()[0] for line in listed.splitlines()]
        assert [row.split()[1] for row in first_column("settings", "Commands")] == commands


def first_column(page: str, section: str) -> list[str]:
    """Return the code in the first column of the table below a heading of the reference."""
    text = (DOCS / "reference" / f"{page}.md").read_text(encoding="utf-8")
    part = re.split(r"^#+ ", text.partition(f"# {section}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| `([^`]+)`", part, re.MULTILINE)


def test_the_pictures_show_the_present_console() -> None:
    """After a change of the console: ``make test-console``, then ``python -m tests.support.pictures``."""
    assert noted_digests() == present_digests()
