"""Recordings as HTTP Archives (HAR 1.2), which browsers' tools and many others read."""

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from clevora_mock.loopback import is_loopback_host
from clevora_mock.recordings.recorded_exchange import RecordedExchange, RecordingHeader
from clevora_mock.recordings.recording_file import Recording
from clevora_mock.version import __version__


def har_of(recordings: Iterable[Recording]) -> dict[str, Any]:
    """Return one archive of all exchanges; each has the date of its recording."""
    entries = [_entry(recording.header, line.exchange) for recording in recordings for line in recording.lines]
    return {"log": {"version": "1.2", "creator": {"name": "clevora-mock", "version": __version__}, "entries": entries}}


def _entry(header: RecordingHeader, exchange: RecordedExchange) -> dict[str, Any]:
    request, times = exchange.request, [milliseconds for milliseconds, _ in exchange.stream or ()]
    wait = times[0] if times else exchange.milliseconds or 0
    receive = max(times, default=wait) - wait
    query = f"?{request.query}" if request.query else ""
    # The live API is asked by plain HTTP on this machine alone.
    is_local = is_loopback_host(urlsplit(f"//{header.host}").hostname or "")
    sent: dict[str, Any] = {
        "method": request.method,
        "url": f"{'http' if is_local else 'https'}://{header.host}{request.path}{query}",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
        "queryString": [_named(*part.partition("=")[::2]) for part in request.query.split("&") if part],
        "headersSize": -1,
        "bodySize": -1,
    }
    if request.body is not None:
        text = json.dumps(request.body, ensure_ascii=False)
        sent["postData"] = {"mimeType": "application/json", "text": text}
    return {
        "startedDateTime": header.date,
        "time": wait + receive,
        "request": sent,
        "response": {
            "status": exchange.status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [_named(*item) for item in sorted(exchange.headers.items())],
            "content": _content(exchange),
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": receive},
    }


def _content(exchange: RecordedExchange) -> dict[str, Any]:
    body = exchange.text.encode(exchange.encoding)
    content: dict[str, Any] = {"size": len(body), "mimeType": exchange.headers.get("content-type", "")}
    if exchange.encoding == "latin-1":
        return content | {"text": b64encode(body).decode(), "encoding": "base64"}
    return content | {"text": exchange.text}


def _named(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}
