"""Scenarios by name: the shipped ones, and a user's own, which take precedence."""

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from clevora_mock import resources
from clevora_mock.core.scenario import DEFAULT, Scenario
from clevora_mock.scenarios.problems import ScenarioError, ScenarioNotFound
from clevora_mock.scenarios.store import ScenarioStore

SHIPPED = resources.scenarios()
NAMES = sorted(file.stem for file in SHIPPED.glob("*.yaml"))


def test_the_store_lists_the_shipped_scenarios() -> None:
    assert ScenarioStore(SHIPPED).names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_is_called_as_its_file(name: str) -> None:
    assert ScenarioStore(SHIPPED).load(name).name == name


@pytest.mark.parametrize("name", [name for name in NAMES if name != "default"])
def test_a_shipped_scenario_does_something(name: str) -> None:
    scenario = ScenarioStore(SHIPPED).load(name)
    assert scenario != Scenario(scenario.name, scenario.description)


def test_the_default_is_the_one_that_needs_no_file() -> None:
    assert replace(ScenarioStore(SHIPPED).load("default"), source=DEFAULT.source) == DEFAULT


def test_each_description_is_one_line_with_effect_and_bug() -> None:
    described = ScenarioStore(SHIPPED).describe()
    assert [name for name, _ in described] == NAMES
    for name, said in described:
        assert 20 < len(said) <= 220, name
        assert " Finds " in said or name == "default"


def test_a_users_own_files_take_precedence(tmp_path: Path) -> None:
    (tmp_path / "flaky.yaml").write_text("description: mine\n")
    (tmp_path / "extra.json").write_text('{"description": "from\\nJSON"}')
    (tmp_path / "broken.yml").write_text("descripton: x\n")
    (tmp_path / "schema.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("no scenario")
    store = ScenarioStore(SHIPPED, tmp_path)
    assert store.names() == sorted([*NAMES, "extra", "broken"])
    assert store.load("flaky").description == "mine"
    assert replace(store.load("extra"), source=DEFAULT.source) == Scenario("extra", "from\nJSON")
    described = dict(store.describe())
    assert described["extra"] == "from JSON"
    assert described["broken"] == (
        f'cannot be used: {tmp_path / "broken.yml"}:1:1: unknown entry "descripton"; did you mean "description"?'
    )


def test_a_users_own_are_found_by_the_names_in_them(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("name: checkout trouble\n")
    (tmp_path / "two.yaml").write_text("name: flaky\ndescription: My own.\n")
    (tmp_path / "three.yaml").write_text("description: Without a name.\n")
    (tmp_path / "four.yaml").write_text("name: broken\nrule: []\n")
    store = ScenarioStore(SHIPPED, tmp_path)
    assert set(store.names()) - {*NAMES} == {"broken", "checkout trouble", "three"}
    assert store.load("checkout trouble").name == store.named("checkout trouble").name == "checkout trouble"
    assert store.file_of("flaky") == tmp_path / "two.yaml"
    described = dict(store.describe())
    assert described["flaky"] == "My own. (Replaces the shipped one.)"
    assert store.replaced() == ["flaky"]
    assert described["three"] == "Without a name."
    assert described["broken"].startswith(f"cannot be used: {tmp_path / 'four.yaml'}:2:1: ")
    with pytest.raises(ScenarioNotFound, match='unknown scenario "one"; '):
        store.named("one")


@pytest.mark.parametrize("name", ["odd.yaml", "odd.json", "plain"])
def test_a_file_is_a_text_or_a_path(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"description": "odd"}')
    for given in (tmp_path / name, str(tmp_path / name)):
        assert ScenarioStore(SHIPPED).load(given).description == "odd"


def test_of_scenarios_with_one_name_the_last_file_is_used_and_says_so(tmp_path: Path) -> None:
    for file in ("a.yaml", "b.yaml", "c.yaml"):
        (tmp_path / file).write_text(f"name: slow\ndescription: That of {file}.", encoding="utf-8")
    store = ScenarioStore(SHIPPED, tmp_path)
    assert store.load("slow").description == "That of c.yaml."
    assert dict(store.describe())["slow"] == "That of c.yaml. (Replaces a.yaml and b.yaml.)"


def test_of_files_with_one_name_yaml_comes_first(tmp_path: Path) -> None:
    for suffix in ("json", "yml", "yaml"):
        (tmp_path / f"mine.{suffix}").write_text(f'{{"description": "{suffix}"}}')
        assert ScenarioStore(SHIPPED, tmp_path).load("mine").description == suffix


def test_a_scenario_file_is_found_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text("limits: {requests_per_minute: null}\n")
    loaded = ScenarioStore(SHIPPED).load(str(file))
    assert loaded.name == "odd"
    assert loaded.limits is not None
    assert loaded.limits.requests_per_minute is None


def test_a_request_cannot_name_a_file(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text("name: odd\n")
    with pytest.raises(ScenarioNotFound):
        ScenarioStore(SHIPPED).named(str(file))
    with pytest.raises(ScenarioNotFound):
        ScenarioStore(SHIPPED).named("../scenarios/flaky")


def test_an_unknown_name_is_refused_with_the_closest() -> None:
    store = ScenarioStore(SHIPPED)
    with pytest.raises(ScenarioError, match=r'^unknown scenario "flakey"; did you mean "flaky"\?$'):
        store.load("flakey")
    with pytest.raises(ScenarioError) as caught:
        store.load("weather")
    assert str(caught.value) == f'unknown scenario "weather"; there are {", ".join(NAMES)}'
    assert caught.value.problems == []
    with pytest.raises(ScenarioNotFound, match=r"none\.yaml: cannot be read: No such file or directory$"):
        store.load("none.yaml")


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ScenarioNotFound, match=r"no such folder of scenarios$"):
        ScenarioStore(SHIPPED, tmp_path / "none")


def test_a_server_without_a_scenario_reads_no_yaml() -> None:
    code = (
        "import sys; from pathlib import Path; from clevora_mock.scenarios.store import ScenarioStore; "
        "ScenarioStore(Path('.')).names(); assert 'yaml' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
