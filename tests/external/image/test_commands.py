"""The image's arguments are the command line's."""

from pathlib import Path

import httpx
import pytest

from tests.external.image.conftest import Run, Start

_QUIET_DAY = """\
name: quiet-day
description: Nobody is there.
rules:
  - when: {endpoint: "*"}
    then: {error: 503}
"""


@pytest.fixture
def scenarios(tmp_path: Path) -> tuple[str, ...]:
    """Provide options that mount a user's scenarios, one of which is invalid."""
    (tmp_path / "quiet-day.yaml").write_text(_QUIET_DAY)
    (tmp_path / "wrong.yaml").write_text(_QUIET_DAY.replace("rules", "ruels").replace("quiet-day", "wrong"))
    tmp_path.chmod(0o755)
    return ("--volume", f"{tmp_path}:/scenarios:ro")


def test_a_scenario_of_the_users_own_is_found_by_its_name(start: Start, scenarios: tuple[str, ...]) -> None:
    container = start("--scenario", "quiet-day", options=scenarios)
    container.ready()

    assert httpx.get(f"{container.url}/__mock/health").json()["scenario"] == "quiet-day"
    assert httpx.put(f"{container.url}/__mock/scenario", json={"name": "flaky"}).status_code == 200


def test_an_invalid_scenario_is_an_error_with_its_line(run: Run, scenarios: tuple[str, ...]) -> None:
    ended = run("--scenario", "wrong", options=scenarios)

    assert ended.returncode == 4
    assert "/scenarios/wrong.yaml:3:1" in ended.stderr


def test_scenarios_are_checked(run: Run, scenarios: tuple[str, ...]) -> None:
    right = run("check", "/scenarios/quiet-day.yaml", options=scenarios)
    wrong = run("check", "wrong.yaml", options=scenarios)

    assert right.returncode == 0
    assert wrong.returncode == 4
    assert "wrong.yaml:3:1" in wrong.stdout


def test_a_token_is_printed(run: Run) -> None:
    printed = run("token", "--uid", "ada")

    assert printed.returncode == 0
    assert printed.stdout.count(".") == 2
