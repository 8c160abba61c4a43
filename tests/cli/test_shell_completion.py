"""Shell completion."""

import pytest

from clevora_mock.cli.main import SHELLS
from tests.support.program import run_in_process

SHIPPED = ["brownout", "default", "flaky", "outage"]


def complete(*words: str) -> list[str]:
    """Return bash's completions of the last of `words`."""
    variables = {
        "_CLEVORA_MOCK_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("clevora-mock", *words)),
        "COMP_CWORD": str(len(words)),
    }
    ended = run_in_process(**variables)
    assert ended.returncode == 0
    return [line.partition(",")[2] for line in ended.stdout.split()]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script(shell: str) -> None:
    ended = run_in_process("completion", shell)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "_CLEVORA_MOCK_COMPLETE" in ended.stdout


def test_an_unknown_shell_is_status_2_with_the_known_ones() -> None:
    ended = run_in_process("completion", "csh")
    assert ended.returncode == 2
    assert all(shell in ended.stderr for shell in SHELLS)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("s",), ["scenarios", "schema", "serve"]),
        (("serve", "--sc"), ["--scenario", "--scenarios"]),
        (("--sc",), ["--scenario", "--scenarios"]),
        (("exec", "--scenario", "fl"), ["flaky"]),
        (("--scenario", "fl"), ["flaky"]),
        (("serve", "--scenario", "./mine"), ["./mine"]),
        (("serve", "--log-format", ""), ["text", "json"]),
        (("serve", "--clock", "fro"), ["frozen", "frozen:2026-05-11T14:00:00Z"]),
        (("serve", "--seed", ""), ["random"]),
        (("serve", "--port", ""), []),
        (("completion", ""), ["bash", "zsh", "fish"]),
    ],
)
def test_commands_flags_and_values_are_offered(words: tuple[str, ...], offered: list[str]) -> None:
    assert complete(*words) == offered


def test_every_scenario_is_offered() -> None:
    offered = complete("serve", "--scenario", "")
    assert offered == sorted(offered)
    assert set(SHIPPED) <= set(offered)
