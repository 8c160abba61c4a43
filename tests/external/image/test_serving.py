"""The image serves clients on its published port, without write access, until it is stopped."""

from typing import Any

import httpx
import openai
import pytest

from clevora_mock.settings import DEMO_KEY
from tests.external.image.conftest import Run, Start

_SERVICE_NAMES = ("clevora-mock", "docker", "host.docker.internal", "host.containers.internal", "localhost")


def status_of(url: str, host: str, route: str = "health") -> int:
    return httpx.get(f"{url}/__mock/{route}", headers={"host": host}).status_code


def test_a_client_gets_its_answer_on_the_published_port(start: Start) -> None:
    container = start()
    assert container.ready()["url"] == "http://127.0.0.1:2538"

    with openai.OpenAI(base_url=f"{container.url}/v1", api_key=DEMO_KEY) as client:
        answer = client.chat.completions.create(
            model="clevora-1.0-turbo", messages=[{"role": "user", "content": "Are you there?"}]
        )

    assert answer.choices[0].message.content


def test_the_healthcheck_passes_only_with_a_server(run: Run, start: Start) -> None:
    assert run("healthcheck").returncode == 1

    container = start()
    container.ready()

    assert container.is_healthy


def test_the_healthcheck_uses_the_configured_port(start: Start) -> None:
    container = start(options=("--env", "CLEVORA_MOCK_PORT=8080"), port=8080)
    container.ready()

    assert container.is_healthy
    assert status_of(container.url, "localhost") == 200


def test_the_healthcheck_fails_without_a_server(start: Start) -> None:
    container = start("600", options=("--entrypoint", "sleep"))

    assert not container.is_healthy


def test_sigterm_stops_it(start: Start) -> None:
    container = start()
    container.ready()

    assert container.stop() == 0


def test_the_control_plane_answers_to_the_names_of_services(start: Start) -> None:
    container = start()
    container.ready()

    assert {name: status_of(container.url, name, "clock") for name in _SERVICE_NAMES} == dict.fromkeys(
        _SERVICE_NAMES, 200
    )
    assert status_of(container.url, "evil.example", "clock") == 403


@pytest.mark.parametrize("user", ["1234:0", "4000000:4000000", "0:0"])
def test_it_serves_as_any_user_with_nothing_to_write_to(user: str, start: Start) -> None:
    tight = ("--user", user, "--read-only", "--read-only-tmpfs=false", "--cap-drop", "ALL")
    container = start("--scenario", "flaky", options=(*tight, "--security-opt", "no-new-privileges"))
    container.ready()

    said: dict[str, Any] = httpx.get(f"{container.url}/__mock/health").json()

    assert said["scenario"] == "flaky"
    assert container.is_healthy
    assert container.stop() == 0
