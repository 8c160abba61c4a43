"""Schemathesis on both OpenAPI documents, with all of its checks: what they say is what the server does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clevora_mock.settings import DEMO_KEY, DEMO_SECRET
from tests.external.fuzz.target import Target, attacked
from tests.external.seed import SEED

FOLDER = Path(__file__).parent
PROGRAM = FOLDER.parents[2] / ".venv-fuzz" / "bin" / "schemathesis"

# Bodies of these routes are refused for more reasons than a schema can have; and the signatures that schemathesis draws
# for webhooks are replaced by valid ones.
EXCEPTIONS = dict.fromkeys(
    (
        "PUT /__mock/state",
        "PUT /__mock/scenario",
        "PATCH /__mock/scenario",
        "POST /__mock/scenario/match",
        "PUT /__mock/recording",
        "PATCH /__mock/clock",
        "POST /__mock/accounts",
        "PATCH /__mock/accounts/{uid}",
        "POST /__mock/tokens",
        "POST /checkout/{id}",
    ),
    "positive_data_acceptance",
) | {"POST /api/dodo/webhook": "ignored_auth"}

# Examples of bodies that take seconds to make.
LARGE = {"PUT /__mock/scenario": 8, "PUT /__mock/state": 20}

# Of bodies that do not match their schema; some are too large instead.
REFUSALS = [400, 401, 403, 404, 405, 413]


def configuration(target: Target, examples: int) -> str:
    """Return a configuration of schemathesis: credentials, and exceptions from its checks, all of which are on."""
    token = target.http.post("/__mock/tokens", json={"uid": "demo", "expiresIn": 10**6}).json()["idToken"]
    lines = [
        "color = false",
        f"generation.max-examples = {examples}",
        "[auth.openapi]",
        f'api_key = {{bearer = "{DEMO_KEY}"}}',
        f'id_token = {{bearer = "{token}"}}',
        "[checks.negative_data_rejection]",
        f"expected-statuses = {REFUSALS}",
    ]
    for operation, check in EXCEPTIONS.items():
        lines += ["[[operations]]", f'include-name = "{operation}"', f"checks.{check}.enabled = false"]
        if operation in LARGE:
            lines.append(f"generation.max-examples = {LARGE[operation]}")
    return "\n".join(lines)


def run(target: Target, document: str, examples: int, folder: Path) -> tuple[dict[str, Any], str]:
    """Return schemathesis's report and output."""
    file, report = folder / "schemathesis.toml", folder / "report.json"
    file.write_text(configuration(target, examples), encoding="utf-8")
    command = [
        # Named on the command line, a check would be on for every operation.
        *(PROGRAM, "--config-file", file, "run", target.url + document, "--url", target.url),
        *("--seed", str(SEED), "--continue-on-failure", "--warnings", "off"),
        # Of slow generation, on a busy machine.
        *("--suppress-health-check", "all"),
        # An endless stream.
        *("--exclude-path", "/__mock/events"),
        *("--generation-database", "none", "--report", "json", "--report-json-path", report),
    ]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
        "PYTHONPATH": str(FOLDER),
        "FUZZ_WEBHOOK_SECRET": DEMO_SECRET,
        "NO_PROXY": "127.0.0.1",
    }
    ended = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert report.exists(), ended.stdout + ended.stderr
    return json.loads(report.read_text(encoding="utf-8")), ended.stdout


@pytest.mark.parametrize(
    ("document", "examples", "cases"), [("/openapi.json", 150, 3000), ("/__mock/openapi.json", 20, 2000)]
)
def test_the_server_does_what_its_document_says(document: str, examples: int, cases: int, tmp_path: Path) -> None:
    with attacked("--balance", "1000000000") as target:
        report, output = run(target, document, examples, tmp_path)
    assert (report["failures"], report["errors"]) == ([], []), output
    assert report["complete"], output
    count = report["test_cases"]["generated"]
    sys.stdout.write(f"{count} cases for {document}\n")
    assert count >= cases
