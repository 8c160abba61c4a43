"""Help."""

import re
from functools import partial

import click
import pytest

from clevora_mock.cli.main import main
from clevora_mock.settings import SETTINGS
from tests.support.program import run_in_process


@pytest.mark.parametrize("name", sorted(main.commands))
def test_the_help_of_a_command_fits_into_80_columns(name: str) -> None:
    text = run_in_process(name, "--help").stdout
    assert text.startswith(f"Usage: clevora-mock {name}")
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in re.sub(r"(FILE|CMD)\.\.\.|sk_live_\.\.\.", "", text), "nothing is cut off"


@pytest.mark.parametrize("name", ["serve", "exec"])
def test_every_setting_stands_in_its_section(name: str) -> None:
    text = run_in_process(name, "--help").stdout
    for setting in SETTINGS:
        section = re.search(rf"^{setting.section}:\n((?: .*\n)+)", text, re.MULTILINE)
        assert section is not None
        assert re.search(rf"^  {setting.flag}\b", section[1], re.MULTILINE)
        assert setting.variable in re.sub(r"\s", "", section[1])


@pytest.mark.parametrize("name", ["serve", "exec", "check"])
def test_help_prints_the_help_of_a_command(name: str) -> None:
    assert run_in_process("help", name).stdout == run_in_process(name, "--help").stdout


def test_help_alone_prints_the_overview() -> None:
    assert run_in_process("help").stdout == run_in_process("--help").stdout


def test_help_for_an_unknown_command_is_status_2() -> None:
    ended = run_in_process("help", "frobnicate")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "clevora-mock: No such command 'frobnicate'.\nTry 'clevora-mock --help'.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--fail-on", "error"), "serve has no option '--fail-on'. It is an option of exec."),
        (("serve", "--budget", "1"), "serve has no option '--budget'. It is an option of exec."),
        (("serve", "--uid", "x"), "serve has no option '--uid'. It is an option of token."),
        (("record",), "No such command 'record'. Did you mean 'exec --record' or 'recordings'?"),
        (("replay", "recordings"), "No such command 'replay'. Did you mean 'exec --replay'?"),
        (("diff",), "No such command 'diff'. Did you mean 'exec --diff'?"),
    ],
)
def test_the_command_that_has_an_option_is_named(arguments: tuple[str, ...], message: str) -> None:
    ended = run_in_process(*arguments)
    assert (ended.returncode, ended.stderr.splitlines()[0]) == (2, f"clevora-mock: {message}")


def test_the_overview_has_examples_and_every_command() -> None:
    text = run_in_process("--help").stdout
    assert "clevora-mock exec -- pytest" in text
    assert all(re.search(rf"^  {name} +\S", text, re.MULTILINE) for name in main.commands)


def test_help_is_the_same_twice() -> None:
    context = partial(click.Context, main)
    assert main.get_help(context()) == main.get_help(context())
