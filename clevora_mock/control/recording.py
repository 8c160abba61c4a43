"""``/__mock/recording``: the recording of a sandbox."""

from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control.endpoint import get_sandbox
from clevora_mock.control.route import ControlHandler
from clevora_mock.control.schemas import RecordingView
from clevora_mock.core.errors import ApiError, UnusableFileError, invalid
from clevora_mock.core.messages import quoted
from clevora_mock.core.sandboxes import is_name
from clevora_mock.web.background import Background
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import parse_body

if TYPE_CHECKING:
    from clevora_mock.recordings.recordings import Recordings
    from clevora_mock.recordings.sandbox_recording import SandboxRecording


_NO_RECORDINGS = (
    "this server has no recordings: start it with --replay or --record, "
    "as clevora-mock exec --replay recordings --recordings-on-request -- pytest does"
)


class RecordingChoice(Struct, forbid_unknown_fields=True):
    """The name of the recording to use: that of its file, without ``.jsonl``."""

    name: str


def show_recording(recordings: "Recordings | None", background: Background) -> ControlHandler:
    """Handle ``GET /__mock/recording``."""

    async def show(request: Request) -> Response:
        try:
            if recordings is not None:
                await recordings.prepare(get_sandbox(request), background)
            found = None if recordings is None else recordings.of(get_sandbox(request))
        except UnusableFileError as error:
            raise ApiError("invalid_field", str(error)) from None
        return json_response(_render(found))

    return show


def put_recording(recordings: "Recordings | None", background: Background) -> ControlHandler:
    """Handle ``PUT /__mock/recording``: use another recording, from its beginning."""

    async def put(request: Request) -> Response:
        choice, _ = parse_body(await request.body(), RecordingChoice)
        if not is_name(choice.name):
            raise invalid("name", "lower-case letters, digits and dashes, up to 63", quoted(choice.name))
        if recordings is None:
            raise ApiError("invalid_field", _NO_RECORDINGS)
        try:
            await recordings.read(choice.name, background)
            chosen = recordings.select(get_sandbox(request), choice.name)
        except UnusableFileError as error:
            raise ApiError("invalid_field", str(error)) from None
        if recordings.options.mode is None and not chosen.file.exists:
            raise ApiError("invalid_field", f"there is no {chosen.file.path}")
        return json_response(_render(chosen))

    return put


def _render(recording: "SandboxRecording | None") -> RecordingView:
    if recording is None:
        return RecordingView(None, "off", 0, [])
    file = recording.file
    return RecordingView(str(file.path), file.mode or "replay", len(file.recording.lines), file.unused)
