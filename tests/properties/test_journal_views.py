"""No request, whatever its bytes, spoils a view of the journal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.cli.log import json_line, text_line
from clevora_mock.cli.terminal import Styler
from clevora_mock.core.run_summary import RunSummary
from clevora_mock.settings import DEMO_KEY
from tests.support.examples import share
from tests.support.raw_client import RawResponse, connect, read
from tests.support.server import RunningServer
from tests.support.world import World, fresh_world

# Hundreds of examples.
pytestmark = pytest.mark.slow

VIEWS = ("requests?limit=10000", "state", "sandboxes", "conduct", "scenario", "ledger?uid=demo", "accounts")

# Bytes that have spoiled something once, and any others.
ODD = st.sampled_from(
    [
        rb'{"messages":[{"role":"user","content":"\ud800"}]}',
        rb'{"\udfff":1,"messages":[{"role":"user","content":"a"}]}',
        rb'{"model":"\ud800","messages":[]}',
        b'{"messages":[{"role":"user","content":"\xed\xa0\x80"}]}',
        b"\xff\xfe\x00",
        b"[" * 3000 + b"]" * 3000,
        b"1" * 400,
        b"1e400",
        b"NaN",
        b'{"a":1,"a":2}',
        b'"' + "😀".encode() * 5000 + b'"',
    ]
)
BODIES = st.one_of(
    ODD,
    st.binary(max_size=200),
    st.recursive(st.none() | st.text(st.characters()), st.lists, max_leaves=8).map(
        lambda value: json.dumps({"messages": value, "input": value}).encode()
    ),
)
PATHS = st.one_of(
    st.sampled_from(
        [b"/v1/chat/completions", b"/v1/embeddings", b"/%ED%A0%80", b"/v1/%FF%00%0a?%ED%BF%BF=\x7f", b"/a?b=%22%5C"]
    ),
    st.binary(max_size=30).map(lambda raw: b"/" + b"".join(b"%%%02x" % byte for byte in raw)),
    st.text("abc/?&=%;\\\"'", max_size=20).map(lambda text: b"/" + text.encode()),
)
NAMES = st.binary(max_size=40).map(lambda raw: bytes(byte for byte in raw if byte == 9 or (byte >= 32 and byte != 127)))


def views_work(world: World) -> None:
    """Check that every view of the sandbox can be encoded and decoded again."""
    for view in VIEWS:
        answer = world.http.get(f"/__mock/{view}")
        assert (view, answer.status_code) == (view, 200)
        answer.content.decode("utf-8")
        answer.json()
    entries = world.run_in_server(lambda sandbox: list(sandbox.journal.entries))
    summary = RunSummary()
    for entry in entries:
        summary.add(world.name, entry)
        json.loads(json_line(world.name, entry).encode())
        assert text_line(world.name, entry, Styler(None), 0).isprintable()
    summary.add_findings(world.name, entries, False)
    assert all(line.encode() for line in summary.lines())


@share(1.0)
@given(method=st.sampled_from([b"POST", b"GET", b"PUT", b"OPTIONS"]), path=PATHS, name=NAMES, body=BODIES)
def test_every_view_works_after_any_request(
    frozen_server: RunningServer, method: bytes, path: bytes, name: bytes, body: bytes
) -> None:
    world = fresh_world(frozen_server)
    prefix = f"/sandbox/{world.name}".encode()
    head = (
        b"%b %b HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer %b\r\nuser-agent: %b\r\ncontent-length: %d\r\n\r\n"
    )
    with connect(world.address) as events, connect(world.address) as connection:
        events.sendall(b"GET %b/__mock/events HTTP/1.1\r\nhost: localhost\r\n\r\n" % prefix)
        listening = RawResponse()
        while b": listening" not in listening.raw:
            listening.segments.append(events.recv(65_536))
        connection.sendall(head % (method, prefix + path, DEMO_KEY.encode(), name, len(body)) + body)
        read(connection, RawResponse())
        views_work(world)
        # The reader of events goes on as well.
        world.http.patch("/__mock/clock", json={"advance": 1})
        while b"event: clock" not in listening.raw:
            listening.segments.append(events.recv(65_536))
