"""The commands that end by themselves."""

import http.server
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from clevora_mock import __version__
from tests.support.program import run_in_process, run_program, serve_process


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version_prints_the_packages_version(flag: str) -> None:
    assert run_program(flag).stdout == f"clevora-mock, version {__version__}\n"


def test_schema_prints_the_schema_that_is_shipped_for_editors() -> None:
    ended = run_program("schema")
    shipped = Path(__file__).parents[2] / "scenarios" / "schema.json"
    assert (ended.returncode, ended.stdout) == (0, shipped.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("openapi", "--prot", "1"),
        ("frobnicate",),
        ("healthcheck", "--port"),
        ("token", "--uid", ""),
        ("token", "--uid", "x" * 129),
        ("token", "--uid", "a/b"),
        ("token", "--uid", ".."),
        ("token", "--uid", "\udcff"),
        ("token", "--email", "\udcff"),
    ],
)
def test_wrong_usage_is_status_2_without_a_traceback(arguments: tuple[str, ...]) -> None:
    ended = run_in_process(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("CLEVORA_MOCK_PROT", "CLEVORA_MOCK_PROT sets nothing; did you mean CLEVORA_MOCK_PORT?"),
        ("CLEVORA_MOCK_API_KEYS", "CLEVORA_MOCK_API_KEYS sets nothing; did you mean CLEVORA_MOCK_API_KEY?"),
        ("CLEVORA_MOCK_ZZZ", "CLEVORA_MOCK_ZZZ sets nothing"),
    ],
)
def test_an_unknown_variable_is_warned_of(name: str, warning: str) -> None:
    ended = run_in_process("token", **{name: "1"})
    assert ended.returncode == 0
    assert ended.stderr == f"clevora-mock: warning: {warning}\n"


def test_no_warning_is_printed_under_quiet() -> None:
    assert run_in_process("token", CLEVORA_MOCK_ZZZ="1", CLEVORA_MOCK_QUIET="1").stderr == ""


def test_a_process_ends_with_the_status_and_without_a_traceback() -> None:
    ended = run_program("serve", "--prot", "1")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--prot" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_known_variables_are_not_warned_of() -> None:
    assert run_in_process("token", CLEVORA_MOCK_URL="http://x", CLEVORA_MOCK_SEED="1", CLEVORA_API_KEY="y").stderr == ""


def test_a_token_is_accepted_by_the_server() -> None:
    with serve_process("serve", "--quiet", "--firebase-project", "my-app") as server:

        def account(*arguments: str) -> httpx.Response:
            token = run_in_process("token", "--firebase-project", "my-app", *arguments).stdout.strip()
            return httpx.get(f"{server.url}/api/developer/account", headers={"authorization": f"Bearer {token}"})

        assert account().json()["data"]["uid"] == "demo"
        for lifetime in ("60", "60s", "1h"):
            assert account("--expires-in", lifetime).status_code == 200
        assert account("--uid", "stranger").json()["data"]["developerAccess"] is False
        assert account("--firebase-project", "other-app").status_code == 401


def test_a_token_is_issued_at_the_time_of_the_clock() -> None:
    with serve_process("serve", "--quiet", "--clock", "frozen:2020-01-01T00:00:00Z") as server:
        statuses = [
            httpx.get(
                f"{server.url}/api/developer/account",
                headers={"authorization": f"Bearer {run_in_process('token', '--clock', clock).stdout.strip()}"},
            ).status_code
            for clock in ("frozen:2020-01-01T00:00:00Z", "frozen:2019-12-31T23:00:00Z")
        ]
        assert statuses == [200, 401]


def test_check_warns_of_a_rule_that_never_applies(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("rules:\n  - then: {error: 500}\n  - when: {endpoint: search}\n    then: {error: 503}\n")
    ended = run_in_process("check", str(file))
    warning = f'{file}:3:5: warning: rules[1]: never applies: rules[0], "rule 1", applies to all its requests\n'
    assert (ended.returncode, ended.stdout) == (0, f"{warning}1 file: 1 warning\n")
    file.write_text("rules:\n  - then: {error: 500}\n")
    assert run_in_process("check", str(file)).stdout == "1 file: nothing wrong\n"


def test_check_says_that_it_takes_files() -> None:
    ended = run_in_process("check", "flaky")
    assert ended.returncode == 4
    assert ended.stdout == "flaky: cannot be read: No such file or directory; expected a file, not a scenario's name\n"


def test_openapi_prints_a_valid_document() -> None:
    ended = run_in_process("openapi")
    assert (ended.returncode, ended.stderr) == (0, "")
    OpenAPIV31SpecValidator(json.loads(ended.stdout)).validate()


def test_healthcheck_is_status_0_where_a_server_is_ready() -> None:
    with serve_process("--quiet") as server:
        port = server.url.rpartition(":")[2]
        assert run_program("healthcheck", CLEVORA_MOCK_PORT=port).returncode == 0
        assert run_program("healthcheck", "--port", port, CLEVORA_MOCK_PORT="1").returncode == 0
        assert run_program("healthcheck", "--host", "0.0.0.0", "--port", port).returncode == 0


def test_healthcheck_is_status_1_and_one_line_where_no_server_is() -> None:
    ended = run_program("healthcheck", CLEVORA_MOCK_PORT="9")
    assert (ended.returncode, ended.stderr) == (1, "clevora-mock: no ready server at 127.0.0.1:9\n")


def test_healthcheck_is_status_1_where_another_server_answers() -> None:
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        assert run_program("healthcheck", "--port", str(other.server_port)).returncode == 1
        other.shutdown()
