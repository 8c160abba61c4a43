"""The live API in the console: the source of an answer, and the results of verify."""

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.external.console.conftest import Open, connected
from tests.support.live_api import ask, serve_recorder, serve_replay
from tests.support.server import RunningServer, serve_settings

EVIDENCE = {
    "format": 1,
    "date": "2026-11-27T09:00:00.000Z",
    "host": "api.example",
    "version": "1.0.0",
    "contract": "1.0",
    "requests": 20,
    "spent": 0.0015,
    "clauses": {
        "E2": {"verdict": "confirmed"},
        "E3": {
            "verdict": "refuted",
            "checks": [
                {
                    "title": "the dimensions",
                    "verdict": "refuted",
                    "differences": [
                        {
                            "place": "dimensions",
                            "expected": "1536",
                            "got": "768",
                            "settle": "embeddings.dimensions: 768 in a --contract file",
                        }
                    ],
                }
            ],
        },
        "K3": {"verdict": "could not check", "why": "needs --id-token"},
    },
}


def test_an_answer_of_a_recording_is_marked_and_found(
    open_page: Open, frozen_server: RunningServer, tmp_path: Path
) -> None:
    with serve_recorder(frozen_server.base_url, tmp_path) as recorder:
        ask(recorder)
    with serve_replay(tmp_path, on_miss="mock") as server:
        ask(server)
        ask(server, "Something that is in no recording")
        page = open_page(f"{server.url}/console")
        connected(page)
        expect(page.locator(".table-row")).to_have_count(2)
        expect(page.locator(".table-row").nth(1)).to_contain_text("recorded")
        page.get_by_label("Source").select_option("recording")
        expect(page.locator(".table-row")).to_have_count(1)
        page.locator(".table-row").click()
        expect(page.locator(".panel")).to_contain_text("Answered from a recording.")
        expect(page.locator(".panel")).not_to_contain_text("the contract alone decided")


def test_the_evidence_of_a_run_is_beside_the_clauses(open_page: Open, tmp_path: Path) -> None:
    evidence, contract = tmp_path / "evidence.json", tmp_path / "contract.json"
    evidence.write_text(json.dumps(EVIDENCE), encoding="utf-8")
    contract.write_text(json.dumps({"embeddings": {"dimensions": 768}}), encoding="utf-8")
    with serve_settings(evidence=evidence, contract=contract) as server:
        page = open_page(f"{server.url}/console#/fidelity")
        expect(page.locator(".callout")).to_contain_text("checked against api.example on 2026-11-27")
        expect(page.locator(".callout")).to_contain_text("1 confirmed, 1 refuted, 1 could not be checked")
        expect(page.get_by_label("Contract file")).to_contain_text("768")
        expect(page.locator("#E2")).to_contain_text("confirmed")
        expect(page.locator("#K3")).to_contain_text("needs --id-token")
        expect(page.locator("#W1")).to_contain_text("Never checked against the live API.")
        page.get_by_label("Verdict").select_option("refuted")
        expect(page.locator(".clause")).to_have_count(1)
        for text in ("the dimensions", "1536", "768", "--contract file"):
            expect(page.locator("#E3 table")).to_contain_text(text)
