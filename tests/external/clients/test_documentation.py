"""The documentation's commands and scripts, run as printed except for host, key and token."""

import json

import pytest

from clevora_mock.contract.limits import EMBEDDING_DIMENSIONS, SCRIPT_BUDGETS
from tests.external.clients.conftest import Run
from tests.support import records
from tests.support.documentation import printed, snippet
from tests.support.world import World

ANSWER = "Clevora API successfully processed your request."


class TestCurl:
    def test_quickstart(self, world: World, bash: Run) -> None:
        answer = json.loads(bash(snippet(world, "Quickstart", "bash")))
        assert answer["choices"][0]["message"]["content"]
        assert answer["model"] == "clevora-1.0-turbo"
        assert records.journal(world)[-1].client.startswith("curl/")

    def test_chat(self, world: World, bash: Run) -> None:
        answer = json.loads(bash(snippet(world, "Chat Completions", "bash")))
        documented = json.loads(printed("Chat Completions", "json"))
        assert list(answer) == list(documented)
        assert answer | {"id": "", "created": 0} == documented | {"id": "", "created": 0}

    def test_streaming(self, world: World, bash: Run) -> None:
        said = bash(snippet(world, "Streaming", "bash"))
        *frames, sentinel, rest = said.split("\n\n")
        assert (sentinel, rest) == ("data: [DONE]", "")
        chunks = [json.loads(frame.removeprefix("data: ")) for frame in frames]
        assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == ANSWER
        assert chunks[-1]["usage"] == {"prompt_tokens": 8, "completion_tokens": 32, "total_tokens": 40}

    def test_embeddings(self, world: World, bash: Run) -> None:
        answer = json.loads(bash(snippet(world, "Embeddings", "bash")))
        assert [len(one["embedding"]) for one in answer["data"]] == [EMBEDDING_DIMENSIONS] * 2
        assert answer["usage"]["total_tokens"] == 6

    def test_search(self, world: World, bash: Run) -> None:
        results = json.loads(bash(snippet(world, "Semantic Search", "bash")))["results"]
        assert len(results) == 3
        scores = [result["score"] for result in results]
        assert scores == sorted(scores, reverse=True)
        about = json.dumps(results[0]).lower()
        assert "underwater" in about
        assert "drone" in about

    def test_scripts(self, world: World, bash: Run) -> None:
        answer = json.loads(bash(snippet(world, "Script Generation", "bash")))
        assert (answer["topic"], answer["style"], answer["length"]) == ("AI in 2026", "youtube", "medium")
        assert answer["script"]["sections"]
        assert answer["usage"]["completion_tokens"] <= SCRIPT_BUDGETS["medium"]

    def test_topup(self, world: World, bash: Run) -> None:
        answer = json.loads(bash(snippet(world, "Top-ups", "bash")))
        assert answer["status"] == "success"
        assert answer["data"]["checkoutUrl"].startswith(f"{world.url}/checkout/cks_")

    def test_a_form_type_does_no_harm(self, world: World, bash: Run) -> None:
        """``curl -d`` without a header sends ``application/x-www-form-urlencoded``."""
        command = snippet(world, "Chat Completions", "bash").replace('-H "Content-Type: application/json" \\\n', "\\\n")
        assert "Content-Type" not in command
        assert json.loads(bash(command))["choices"][0]["message"]["content"] == ANSWER

    @pytest.mark.parametrize("megabytes", [2, 5])
    def test_curl_gets_a_100_before_a_large_body(self, world: World, bash: Run, megabytes: int) -> None:
        """With a large body, curl sends ``Expect: 100-continue`` and waits for the response to it."""
        status = bash(
            f"""head -c {megabytes}000000 /dev/zero | tr '\\0' ' ' |
            curl -s -o /dev/null -w '%{{http_code}} %{{time_total}}' --expect100-timeout 30 --data-binary @- \\
              -H 'Authorization: Bearer {world.api_key}' {world.base_url}/chat/completions"""
        )
        code, seconds = status.split()
        assert code == ("400" if megabytes == 2 else "413")
        assert float(seconds) < 25, "curl waited in vain and sent its body unasked"


class TestJavaScript:
    def test_quickstart(self, world: World, node: Run) -> None:
        said = node(snippet(world, "Quickstart", "javascript"))
        answer = world.http.post(
            "/v1/chat/completions",
            json={"messages": [{"role": "user", "content": "Write a YouTube intro about quantum computing."}]},
            headers=world.headers,
        )
        assert said == answer.json()["choices"][0]["message"]["content"] + "\n"

    def test_streaming(self, world: World, node: Run) -> None:
        assert node(snippet(world, "Streaming", "javascript")) == ANSWER
        (charge,) = records.wait_for_charges(world)
        assert charge.tokens == 40

    def test_streaming_live(self, live_world: World, node: Run) -> None:
        assert node(snippet(live_world, "Streaming", "javascript")) == ANSWER
