"""``clevora-mock recordings``: check, prune, har and pace."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest
import yaml

from clevora_mock.app import create_app
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.settings import Settings
from tests.support.live_api import ask, lines_of, serve_recorder, serve_replay
from tests.support.program import run_in_process
from tests.support.server import RunningServer, serve_settings

HEADER = {"date": "2026-01-05T00:00:00.000Z", "format": 1, "host": "api.example", "version": "0.1.0"}
CHAT = {"method": "POST", "path": "/v1/chat/completions", "body": {"messages": []}}


def exchange(**more: Any) -> dict[str, Any]:
    plain = {"endpoint": "chat.completions", "request": CHAT, "status": 200, "answer": "{}", "milliseconds": 20}
    return {name: value for name, value in (plain | more).items() if value is not None}


def event(content: str) -> str:
    return f'data: {{"choices":[{{"index":0,"delta":{{"content":"{content}"}}}}]}}\n\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "default.jsonl"


def write(file: Path, *lines: Any, end: str = "\n") -> str:
    file.write_text("\n".join(map(json.dumps, [HEADER, *lines])) + end, encoding="utf-8")
    return str(file)


class TestCheck:
    def test_a_recorded_file_has_nothing_wrong(self, tmp_path: Path) -> None:
        with serve_settings() as live, serve_recorder(live.url, tmp_path) as server:
            for stream in (False, True):
                ask(server, stream=stream)
        checked = run_in_process("recordings", "check", str(tmp_path / "default.jsonl"))
        assert (checked.returncode, checked.stdout) == (0, "1 file: nothing wrong\n")

    PROBLEMS: tuple[tuple[dict[str, Any], str], ...] = (
        ({"endpoint": "chat"}, "endpoint: expected one of the contract's, got 'chat'"),
        ({"status": 42}, "status: expected 200 to 599, got 42"),
        ({"headers": {"server": "a/1"}}, "headers: server has no place in a recording"),
        ({"answer": "sk_live_00112233445566778899aabbccddeeff"}, "a secret is left in the answer's text"),
        ({"answer": None, "stream": [[5, "a"], [3, "b"]]}, "stream: expected times that do not go back"),
        ({"cost": 0.0000001}, "cost: expected at most 6 decimals, got 1e-07"),
        ({"answer": None}, "expected an answer or a stream, got neither"),
        ({"stream": []}, "expected an answer or a stream, got both"),
        ({"status": "sixty"}, 'expected an exchange: status: expected a whole number, got "sixty"'),
        ({"cost": -1}, "expected an exchange: cost: expected a number from 0.0, got -1"),
        (
            {"usage": {"prompt_tokens": -1}},
            "expected an exchange: usage.prompt_tokens: expected a whole number from 0, got -1",
        ),
        (
            {"usage": {"prompt_tokens": 10**10}},
            "expected an exchange: usage.prompt_tokens: expected a whole number up to 1000000000, got 10000000000",
        ),
        ({"milliseconds": -1}, "expected an exchange: milliseconds: expected a whole number from 0, got -1"),
        ({"n": 0}, "expected an exchange: n: expected a whole number from 1, got 0"),
        ({"headers": {"content-length": "5"}}, "headers: content-length has no place in a recording"),
        ({"headers": {"x-ratelimit-\n": "5"}}, "headers: x-ratelimit-\\n has no place in a recording"),
        (
            {"headers": {"retry-after": "1\r\nset: a"}},
            "headers: retry-after: expected a text that HTTP can send",
        ),
        ({"encoding": "latin-1", "answer": "€"}, "encoding: expected characters up to U+00FF with latin-1"),
        ({"authorization": "Bearer a"}, "expected an exchange: authorization: an unknown field"),
    )

    @pytest.mark.parametrize(("change", "problem"), PROBLEMS)
    def test_each_problem_is_named_with_its_line(self, file: Path, change: dict[str, Any], problem: str) -> None:
        checked = run_in_process("recordings", "check", write(file, exchange(**change)))
        assert checked.returncode == 4
        assert checked.stdout == f"{file}:2: {problem}\n"

    def test_all_problems_are_named_in_the_order_of_their_lines(self, file: Path) -> None:
        write(file, exchange(status=42), exchange(n=0), exchange(endpoint="chat"), exchange(status=99))
        with file.open("a", encoding="utf-8") as opened:
            opened.write("{\n")
        checked = run_in_process("recordings", "check", "--max-age", "30d", str(file))
        places = [line.removeprefix(f"{file}:").partition(" ")[0] for line in checked.stdout.splitlines()]
        assert places == ["", "2:", "3:", "4:", "4:", "5:", "5:", "6:"]

    def test_a_header_that_cannot_be_read_does_not_hide_the_lines(self, file: Path) -> None:
        file.write_text(f"{{}}\n{json.dumps(exchange(status=42))}\n", encoding="utf-8")
        first, second = run_in_process("recordings", "check", "--max-age", "30d", str(file)).stdout.splitlines()
        assert first == f"{file}:1: expected a recording's header: date: required, but missing"
        assert second == f"{file}:2: status: expected 200 to 599, got 42"

    def test_a_directory_is_told_to_be_one(self, tmp_path: Path) -> None:
        checked = run_in_process("recordings", "check", str(tmp_path))
        assert checked.stdout == f"{tmp_path}: that is a directory; give its files: {tmp_path}/*.jsonl\n"

    def test_an_empty_file_is_told_to_be_empty(self, file: Path) -> None:
        file.touch()
        checked = run_in_process("recordings", "check", str(file))
        assert checked.stdout == f"{file}: it is empty; expected a recording's header\n"

    def test_an_exchange_that_another_hides_is_named(self, file: Path) -> None:
        checked = run_in_process("recordings", "check", write(file, exchange(), exchange(), exchange(n=2)))
        assert (
            checked.stdout == f"{file}:3: n: expected another number than 1, which an earlier identical request has\n"
        )

    def test_a_recording_that_is_too_old_is_named(self, file: Path) -> None:
        write(file, exchange())
        assert run_in_process("recordings", "check", "--max-age", "99999d", str(file)).returncode == 0
        checked = run_in_process("recordings", "check", "--max-age", "30d", str(file))
        assert checked.returncode == 4
        assert re.match(rf"{file}: recorded \d+ days ago, expected 30 days at most", checked.stdout)
        assert run_in_process("recordings", "check", "--max-age", "old", str(file)).returncode == 2

    def test_a_file_that_is_none_is_named(self, file: Path) -> None:
        assert (
            run_in_process("recordings", "check", str(file)).stdout
            == f"{file}: cannot be read: No such file or directory\n"
        )

    def test_another_version_is_named_whatever_its_fields(self, file: Path) -> None:
        file.write_text(json.dumps(HEADER | {"format": 2, "key": 1}) + "\n", encoding="utf-8")
        assert run_in_process("recordings", "check", str(file)).stdout == f"{file}:1: format: expected 1, got 2\n"

    @pytest.mark.parametrize(("change", "problem"), [*PROBLEMS[1:3], *PROBLEMS[4:]])
    def test_what_cannot_be_replayed_is_refused_at_the_start(
        self, file: Path, change: dict[str, Any], problem: str
    ) -> None:
        write(file, exchange(**change))
        with pytest.raises(UnusableFileError) as refused:
            create_app(Settings(replay=file.parent))
        assert str(refused.value) == f"{file}:2: {problem}"
        for command in ("har", "pace"):
            printed = run_in_process("recordings", command, str(file))
            assert (printed.returncode, printed.stdout) == (4, "")


class TestPrune:
    def test_named_lines_are_removed_and_the_others_renumbered(self, file: Path) -> None:
        write(
            file,
            exchange(answer="1"),
            exchange(answer="2", n=2),
            exchange(answer="3", n=3),
            exchange(endpoint="search"),
        )
        pruned = run_in_process("recordings", "prune", f"{file}:3", f"{file}:5")
        assert (pruned.returncode, pruned.stdout) == (0, f"{file}: 2 exchanges removed\n")
        assert [(line["answer"], line["n"]) for line in lines_of(file)] == [("1", 1), ("3", 2)]

    def test_what_cannot_be_replayed_is_removed(self, file: Path) -> None:
        write(file, exchange(answer="1"), exchange(answer="2"), exchange(answer="3"), end="")
        pruned = run_in_process("recordings", "prune", str(file))
        assert (pruned.returncode, pruned.stdout) == (0, f"{file}: 1 exchange removed\n")
        assert [line["answer"] for line in lines_of(file)] == ["1"]
        assert run_in_process("recordings", "check", str(file)).returncode == 0

    def test_a_line_that_is_not_there_is_named(self, file: Path) -> None:
        pruned = run_in_process("recordings", "prune", f"{write(file, exchange())}:9")
        assert (pruned.returncode, pruned.stderr) == (4, f"clevora-mock: {file}:9: no such exchange\n")


def test_an_archive_has_every_exchange(file: Path) -> None:
    stream = exchange(answer=None, stream=[[30, "data: 1\n\n"], [50, "data: 2\n\n"]], milliseconds=None)
    queried = exchange(
        request=CHAT | {"method": "GET", "query": "a=1&b=2", "body": None}, answer="\xff", encoding="latin-1"
    )
    archived = run_in_process("recordings", "har", write(file, exchange(), stream, queried))
    log = json.loads(archived.stdout)["log"]
    assert (log["version"], log["creator"]["name"]) == ("1.2", "clevora-mock")
    one, two, three = log["entries"]
    assert one["request"]["url"] == "https://api.example/v1/chat/completions"
    assert json.loads(one["request"]["postData"]["text"]) == {"messages": []}
    assert (two["time"], two["timings"]) == (50, {"send": 0, "wait": 30, "receive": 20})
    assert two["response"]["content"]["text"] == "data: 1\n\ndata: 2\n\n"
    assert three["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]
    assert three["response"]["content"] | {"mimeType": ""} == {
        "size": 1,
        "mimeType": "",
        "text": "/w==",
        "encoding": "base64",
    }


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1:2538", "http://127.0.0.1:2538/v1/chat/completions"),
        ("[::1]:2538", "http://[::1]:2538/v1/chat/completions"),
        ("api.example", "https://api.example/v1/chat/completions"),
    ],
)
def test_an_archive_has_the_scheme_by_which_the_host_was_asked(file: Path, host: str, url: str) -> None:
    file.write_text("\n".join(map(json.dumps, [HEADER | {"host": host}, exchange()])) + "\n", encoding="utf-8")
    (entry,) = json.loads(run_in_process("recordings", "har", str(file)).stdout)["log"]["entries"]
    assert entry["request"]["url"] == url


class TestPace:
    @pytest.fixture
    def paced(self) -> Iterator[RunningServer]:
        with serve_settings(tokens_per_second=50.0, latency="100ms") as server:
            yield server

    def scenario(self, file: Path) -> Any:
        printed = run_in_process("recordings", "pace", str(file))
        assert printed.returncode == 0, printed.stderr
        scenario = file.with_suffix(".yaml")
        scenario.write_text(printed.stdout, encoding="utf-8")
        assert run_in_process("check", str(scenario)).returncode == 0
        return {rule["name"]: rule["then"] for rule in yaml.safe_load(printed.stdout)["rules"]}

    def test_the_pace_of_a_server_is_learned(self, paced: RunningServer, tmp_path: Path) -> None:
        with serve_recorder(paced.url, tmp_path) as server:
            ask(server)
            ask(server, "Tell me about the sea, and why people sail on it.", stream=True)
        rules = self.scenario(tmp_path / "default.jsonl")
        assert 100 <= int(rules["chat.completions"]["delay"].removesuffix("ms")) < 300
        stream = rules["chat.completions stream"]
        assert 100 <= int(stream["delay"].removesuffix("ms")) < 300
        assert 40 < stream["stream"]["tokens_per_second"] < 55

    def test_delays_are_fitted_to_a_log_normal(self, file: Path) -> None:
        random = Random(1)
        times = [round(800 * random.lognormvariate(0, 0.5)) for _ in range(400)]
        write(file, *(exchange(endpoint="search", n=index, milliseconds=time) for index, time in enumerate(times, 1)))
        delay = self.scenario(file)["search"]["delay"]["lognormal"]
        found, high = (int(delay[name].removesuffix("ms")) for name in ("median", "p99"))
        assert found == pytest.approx(median(times), rel=0.1)
        # The 99th percentile of a log-normal is its median times e to the 2.326 deviations.
        assert high == pytest.approx(800 * 2.718**1.163, rel=0.15)

    @pytest.mark.parametrize(
        ("times", "median", "high"), [([100, 60_000], "2449ms", "60000ms"), ([0, 1], "1ms", "1ms")]
    )
    def test_no_delay_is_fitted_beyond_the_slowest_answer(
        self, file: Path, times: list[int], median: str, high: str
    ) -> None:
        write(file, *(exchange(endpoint="search", n=n, milliseconds=time) for n, time in enumerate(times, 1)))
        assert self.scenario(file)["search"]["delay"]["lognormal"] == {"median": median, "p99": high}

    def test_the_time_to_the_first_token_and_the_jitter_are_learned(self, file: Path) -> None:
        words = [f" word{index}" for index in range(40)]
        streams = []
        for n in range(1, 6):
            random = Random(n)
            moment, stream = 260.0, [[60, 'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n']]
            for word in words:
                stream.append([round(moment), event(word)])
                moment += 30 * (1 + 0.5 * random.uniform(-1, 1))
            streams.append(exchange(answer=None, milliseconds=None, stream=stream, n=n))
        write(file, *streams)
        then = self.scenario(file)["chat.completions stream"]
        assert then["delay"] == "60ms"
        assert then["stream"]["ttft"] == "200ms"
        assert then["stream"]["tokens_per_second"] == pytest.approx(1000 / 30, rel=0.1)
        assert then["stream"]["jitter"] == pytest.approx(0.5, abs=0.1)

    def test_errors_have_no_pace(self, file: Path) -> None:
        printed = run_in_process("recordings", "pace", write(file, exchange(status=500)))
        assert (printed.returncode, printed.stdout) == (4, "")
        assert printed.stderr == "clevora-mock: these recordings have no answer to learn a pace from\n"


def test_a_pruned_recording_is_replayed(tmp_path: Path) -> None:
    with serve_settings() as live, serve_recorder(live.url, tmp_path) as server:
        answers = [ask(server, content).content for content in ("One", "Two")]
    run_in_process("recordings", "prune", f"{tmp_path / 'default.jsonl'}:2")
    with serve_replay(tmp_path) as server:
        assert ask(server, "One").status_code == 502
        assert ask(server, "Two").content == answers[1]
