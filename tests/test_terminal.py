"""What people read: the banner, a line for each request, help, completion."""

import io
import re
import subprocess
import sys
from functools import partial

import click
import msgspec
import pytest

from clevora_mock import data
from clevora_mock.banner import banner
from clevora_mock.cli import SHELLS, main
from clevora_mock.core.journal import Entry
from clevora_mock.log import text_line
from clevora_mock.scenarios.shelf import Shelf
from clevora_mock.settings import OPTIONS, ClockSetting, Settings, is_colorless
from clevora_mock.terminal import Paint
from tests.conftest import World
from tests.test_cli import environment, run


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


PLAIN = Paint(io.StringIO())


@pytest.fixture
def colored(monkeypatch: pytest.MonkeyPatch) -> Paint:
    """Paint for a terminal that has nothing against colors."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Paint(Terminal())


def bare(text: str) -> str:
    return re.sub(r"\x1b\[\d+m", "", text)


class TestColors:
    def test_there_are_some_on_a_terminal_only(self, colored: Paint) -> None:
        """A file and a pipe get the text."""
        assert colored("text", "bad") == "\x1b[31mtext\x1b[0m"
        assert PLAIN("text", "bad") == "text"

    @pytest.mark.parametrize(
        ("variables", "colorless"),
        [({}, False), ({"NO_COLOR": "1"}, True), ({"NO_COLOR": ""}, False), ({"TERM": "dumb"}, True)],
    )
    def test_no_color_means_none(self, variables: dict[str, str], colorless: bool) -> None:
        """By the convention, where an empty variable is none."""
        assert is_colorless(variables) is colorless

    def test_a_process_without_a_terminal_writes_none(self) -> None:
        """Not a single escape, whatever is asked for."""
        for arguments in (("--help",), ("serve", "--help"), ("scenarios",), ("check", "/nowhere")):
            ended = run(*arguments)
            assert "\x1b" not in ended.stdout + ended.stderr


class TestBanner:
    @pytest.mark.parametrize(
        "settings",
        [
            Settings(),
            Settings(scenario="charged-but-lost", watch=True, no_rate_limit=True),
            Settings(clock=ClockSetting("scaled", None, 60.0), scenario="flaky"),
        ],
    )
    def test_it_fits_into_eighty_columns(self, settings: Settings, colored: Paint) -> None:
        """With the longest port there is, and the same with colors as without."""
        said = banner(settings, "http://127.0.0.1:65535", PLAIN)
        assert max(map(len, said.splitlines())) <= 80
        assert bare(banner(settings, "http://127.0.0.1:65535", colored)) == said

    def test_it_says_what_is_unusual(self) -> None:
        """Scenario, clock and limits, when they are not the usual ones."""
        usual = banner(Settings(), "http://x", PLAIN)
        assert not re.search("Scenario|Clock|Limits", usual)
        settings = Settings(scenario="flaky", no_rate_limit=True, clock=ClockSetting("frozen", None, 0.0))
        said = banner(settings, "http://x", PLAIN)
        assert re.search(r"Scenario +flaky\n.*Clock +frozen\n.*Limits +off\n", said)


class TestLines:
    def line(self, world: World, **changes: object) -> str:
        (entry,) = world.do(lambda sandbox: list(sandbox.journal.entries))
        shown: Entry = msgspec.structs.replace(entry, **changes)
        return text_line("default", shown, PLAIN)

    @pytest.fixture(autouse=True)
    def asked(self, world: World) -> None:
        world.http.post(
            "/v1/chat/completions",
            json={"messages": [{"role": "user", "content": "Hello!"}]},
            headers=world.headers,
        )

    def test_a_line_has_time_method_endpoint_status_tokens_and_cost(self, world: World) -> None:
        """In columns, within 80 of them."""
        line = self.line(world)
        assert line == "00:00:00 POST   chat.completions       200     40 tokens $0.02"

    def test_a_rule_and_a_failure_are_named(self, world: World) -> None:
        """What went wrong in place of what it cost; the rule last."""
        failed = self.line(
            world, status=429, code="rate_limit_exceeded", prompt_tokens=0, completion_tokens=0, rule="a rule"
        )
        assert failed.endswith("429 rate_limit_exceeded  [a rule]")
        reset = self.line(world, status=0, fault="reset", prompt_tokens=0, completion_tokens=0, rule="drops")
        assert reset.endswith("--- reset  [drops]")
        cut = self.line(world, fault="truncate", rule="cut")
        assert cut.endswith("200     40 tokens $0.02 truncate  [cut]")

    def test_a_sandbox_is_named(self, world: World) -> None:
        """Unless it is the one that has no name."""
        (entry,) = world.do(lambda sandbox: list(sandbox.journal.entries))
        assert " mine: chat.completions 200 " in text_line("mine", entry, PLAIN)

    def test_colors_change_nothing_but_the_color(self, world: World, colored: Paint) -> None:
        """Green, yellow, red by the status."""
        (entry,) = world.do(lambda sandbox: list(sandbox.journal.entries))
        for status, code in ((200, "32"), (404, "33"), (500, "31"), (0, "31")):
            shown = msgspec.structs.replace(entry, status=status)
            line = text_line("default", shown, colored)
            assert f"\x1b[{code}m{status or '---'}\x1b[0m" in line
            assert bare(line) == text_line("default", shown, PLAIN)


class TestHelp:
    @pytest.mark.parametrize("name", sorted(main.commands))
    def test_each_command_explains_itself_in_eighty_columns(self, name: str) -> None:
        """And nothing is cut off."""
        said = run(name, "--help").stdout
        assert said.startswith(f"Usage: clevora-mock {name}")
        assert max(map(len, said.splitlines())) <= 80
        assert "..." not in re.sub(r"(FILE|CMD)\.\.\.|sk_live_\.\.\.", "", said)

    @pytest.mark.parametrize("name", ["serve", "exec"])
    def test_every_flag_has_its_section(self, name: str) -> None:
        """No flag is lost, and those that belong together stand together."""
        said = run(name, "--help").stdout
        for option in OPTIONS:
            assert f"\n{option.section}:\n" in said
            assert re.search(rf"^  {option.flag}\b", said, re.MULTILINE)
            assert option.variable in said.replace("\n", "").replace(" ", "")

    def test_the_first_page_teaches(self) -> None:
        """What to type, then every command with a line."""
        said = run("--help").stdout
        assert "clevora-mock exec -- pytest" in said
        assert all(re.search(rf"^  {name} +\S", said, re.MULTILINE) for name in main.commands)


class TestCompletion:
    def complete(self, *words: str) -> list[str]:
        """What bash offers for the last of `words`."""
        variables = {
            "_CLEVORA_MOCK_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("clevora-mock", *words)),
            "COMP_CWORD": str(len(words)),
        }
        ended = subprocess.run(
            [sys.executable, "-c", "from clevora_mock.cli import main; main(prog_name='clevora-mock')"],
            env=environment(**variables),
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return [line.partition(",")[2] for line in ended.stdout.splitlines()]

    @pytest.mark.parametrize("shell", SHELLS)
    def test_each_shell_gets_its_script(self, shell: str) -> None:
        """Which calls the program back."""
        ended = run("completion", shell)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "_CLEVORA_MOCK_COMPLETE" in ended.stdout

    def test_a_shell_that_is_not_known_is_told_which_are(self) -> None:
        """Status 2."""
        ended = run("completion", "csh")
        assert ended.returncode == 2
        assert all(shell in ended.stderr for shell in SHELLS)

    def test_commands_flags_and_values_are_offered(self) -> None:
        """Serve's flags too where its name is left out."""
        assert self.complete("s") == ["scenarios", "serve"]
        assert self.complete("serve", "--sc") == ["--scenario", "--scenarios"]
        assert self.complete("--sc") == ["--scenario", "--scenarios"]
        assert self.complete("exec", "--scenario", "fl") == ["flaky"]
        assert self.complete("--scenario", "fl") == ["flaky"]
        assert self.complete("serve", "--log-format", "") == ["text", "json"]
        assert self.complete("completion", "") == list(SHELLS)

    def test_every_scenario_is_offered(self) -> None:
        """With files once none of them fits."""
        assert self.complete("serve", "--scenario", "") == Shelf(data.scenarios()).names()
        assert self.complete("serve", "--scenario", "./mine") == ["./mine"]


def test_help_is_not_made_of_module_state() -> None:
    """The same text twice."""
    shown = partial(click.Context, main)
    assert main.get_help(shown()) == main.get_help(shown())
