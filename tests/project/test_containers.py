"""Dockerfile and compose file agree with the server, the settings and the checkout."""

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from clevora_mock.scenarios.scenario_file import check
from clevora_mock.settings import DEMO_KEY, PREFIX, SETTINGS, Settings, client_variables, load
from clevora_mock.version import __version__

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "examples" / "rundown"
DOCKERFILES = [CHECKOUT / "Dockerfile", EXAMPLE / "Dockerfile"]
PORT = Settings().port
SERVICE = "clevora-mock"
BALANCER = "clevora"
NGINX = (CHECKOUT / "deploy" / "nginx.conf").read_text("utf-8")


def instructions(dockerfile: Path, kind: str) -> list[str]:
    """Return the arguments of all instructions of one kind, each on one line."""
    text = re.sub(r"^#.*\n", "", dockerfile.read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [" ".join(line.split()[1:]) for line in text.splitlines() if line.startswith(kind + " ")]


def variables() -> dict[str, str]:
    """Return the image's settings of the mock."""
    pairs = " ".join(instructions(DOCKERFILES[0], "ENV")).split()
    named = dict(pair.split("=", 1) for pair in pairs)
    return {name: value for name, value in named.items() if name.startswith(PREFIX)}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    compose: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text("utf-8"))
    return dict(compose["services"])


def test_the_image_sets_nothing_but_settings() -> None:
    assert set(variables()) <= {setting.variable for setting in SETTINGS}
    assert load({}, variables()).host == "0.0.0.0"


def test_the_port_is_the_same_everywhere(services: dict[str, dict[str, Any]]) -> None:
    assert load({}, variables()).port == PORT
    assert instructions(DOCKERFILES[0], "EXPOSE") == [str(PORT)]
    assert services[SERVICE]["ports"] == [f"127.0.0.1:${{MOCK_PORT:-{PORT}}}:{PORT}"]


def test_the_image_answers_under_the_name_of_the_service(services: dict[str, dict[str, Any]]) -> None:
    assert SERVICE in services
    assert SERVICE in load({}, variables()).allowed_hosts


@pytest.mark.parametrize("name", ["app", "tests"])
def test_services_are_pointed_at_the_mock_and_wait_for_it(name: str, services: dict[str, dict[str, Any]]) -> None:
    given = client_variables(f"http://{SERVICE}:{PORT}", DEMO_KEY)
    assert services[name]["environment"] == {
        variable: value for variable, value in given.items() if variable.lower() != "no_proxy"
    }
    assert services[name]["depends_on"] == {SERVICE: {"condition": "service_healthy"}}


def test_the_mounted_scenarios_are_where_the_image_looks_and_can_be_used(services: dict[str, dict[str, Any]]) -> None:
    (volume,) = services[SERVICE]["volumes"]
    folder, target, mode = volume.split(":")

    assert (target, mode) == (variables()["CLEVORA_MOCK_SCENARIOS"], "ro")
    assert services[SERVICE]["environment"]["CLEVORA_MOCK_SCENARIOS"] == target
    scenarios = [str(file) for file in (CHECKOUT / folder).glob("*.yaml")]
    assert scenarios
    assert check(scenarios) == []


def replicas(services: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the names of the mocks behind nginx."""
    return {name: service for name, service in services.items() if name.startswith(f"{SERVICE}-")}


def test_mocks_behind_nginx_differ_only_by_name(services: dict[str, dict[str, Any]]) -> None:
    named = {}
    for service, replica in replicas(services).items():
        named[service] = replica["environment"]["CLEVORA_MOCK_SERVER_NAME"]
        changed = {"environment": services[SERVICE]["environment"] | {"CLEVORA_MOCK_SERVER_NAME": named[service]}}
        assert replica == services[SERVICE] | changed | {"profiles": ["replicas"], "ports": []}
    assert named == {f"{SERVICE}-{number}": f"mock-{number}" for number in range(1, len(named) + 1)}
    assert len(named) >= 2


def test_nginx_waits_for_the_mocks_that_its_configuration_names(services: dict[str, dict[str, Any]]) -> None:
    """With an unknown host name in its configuration, nginx does not start."""
    configured = re.findall(r"^ *server ([\w.:-]+) ", NGINX, re.MULTILINE)

    assert configured == [f"{service}:{PORT}" for service in replicas(services)]
    assert services[BALANCER]["depends_on"] == {
        service: {"condition": "service_healthy", "restart": True} for service in replicas(services)
    }


def test_nginx_is_reached_by_a_name_that_the_image_answers_to(services: dict[str, dict[str, Any]]) -> None:
    assert BALANCER in load({}, variables()).allowed_hosts
    assert re.findall(r"listen (\d+)", NGINX) == [str(PORT)]
    assert services[BALANCER]["ports"] == [f"127.0.0.1:${{CLEVORA_PORT:-{PORT + 1}}}:{PORT}"]


def test_nginx_can_run_with_nothing_to_write_to_but_tmp(services: dict[str, dict[str, Any]]) -> None:
    written = re.findall(r"^ *(?:pid|\w+_temp_path) (\S+);", NGINX, re.MULTILINE)

    assert (services[BALANCER]["read_only"], services[BALANCER]["tmpfs"]) == (True, ["/tmp"])
    assert len(written) == 6
    assert [path for path in written if not path.startswith("/tmp/")] == []
    assert services[BALANCER]["volumes"] == ["./deploy/nginx.conf:/etc/nginx/nginx.conf:ro"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=["mock", "example"])
def test_copied_files_exist_and_are_in_the_build_context(dockerfile: Path) -> None:
    ignore = (dockerfile.parent / ".dockerignore").read_text("utf-8").splitlines()
    sent = [line.removeprefix("!") for line in ignore if line.startswith("!")]
    copied = [
        source
        for copy in instructions(dockerfile, "COPY")
        if not copy.startswith("--from")
        for source in copy.split()[:-1]
    ]

    assert copied
    assert [source for source in copied if not (dockerfile.parent / source).exists()] == []
    assert [source for source in copied if not any(fnmatch(source, pattern) for pattern in sent)] == []


def test_the_wheels_sources_are_copied() -> None:
    copied = " ".join(instructions(DOCKERFILES[0], "COPY")).split()

    assert {"pyproject.toml", "README.md", "LICENSE", "clevora_mock", "fixtures", "scenarios"} <= set(copied)


def test_the_version_on_the_label_is_the_packages() -> None:
    (labels,) = instructions(DOCKERFILES[0], "LABEL")

    assert f'org.opencontainers.image.version="{__version__}"' in labels


def test_the_example_is_pinned_to_the_releases_that_the_mock_is_tested_with() -> None:
    def pins(*files: Path) -> set[str]:
        return {line for file in files for line in file.read_text("utf-8").splitlines() if "==" in line}

    example = pins(EXAMPLE / "requirements.txt", EXAMPLE / "requirements-test.txt")

    assert example - pins(CHECKOUT / "constraints.txt") == set()
