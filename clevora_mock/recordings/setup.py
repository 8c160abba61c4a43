"""Setup of recordings and of the live API by a server's settings."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from clevora_mock.clock import iso, wall_micros
from clevora_mock.recordings.drift import DriftReport
from clevora_mock.recordings.recorded_exchange import RecordingHeader
from clevora_mock.recordings.recordings import RecordingOptions, Recordings
from clevora_mock.settings import Settings
from clevora_mock.upstream.client import UpstreamClient
from clevora_mock.version import __version__
from clevora_mock.web.background import Background


class LiveApi(Struct, frozen=True):
    """The parts of a server that use the live API, or its recordings; each is None where it is not asked for."""

    client: UpstreamClient | None = None
    recordings: Recordings | None = None
    drift: DriftReport | None = None

    async def close(self) -> None:
        """Finish what runs, and close all connections."""
        if self.drift is not None:
            await self.drift.finish()
        if self.recordings is not None:
            await self.recordings.pending.finish()
        if self.client is not None:
            await self.client.close()


def connect(settings: Settings, log: Callable[[str], None], background: Background) -> LiveApi:
    """Return what `settings` ask for; `log` writes a message.

    Raises RecordingError for a file that cannot be used, UpstreamUnavailableError without httpx.
    """
    directory = settings.record or settings.replay
    asks = settings.record is not None or settings.diff
    client = None
    if asks and settings.upstream is not None:
        client = UpstreamClient(settings.upstream, settings.upstream_key, settings.api_key)
    recordings = None if directory is None else Recordings(_options(settings, Path(directory)), wall_micros, log)
    return LiveApi(
        client, recordings, DriftReport(client, background) if settings.diff and client is not None else None
    )


def _options(settings: Settings, directory: Path) -> RecordingOptions:
    host = urlsplit(settings.upstream or "").netloc
    header = RecordingHeader(
        iso(wall_micros()),
        host,
        __version__,
        ignore=sorted(settings.ignored_fields),
        emails=settings.mask_emails,
    )
    return RecordingOptions(
        directory,
        header,
        mode=settings.record_mode if settings.record is not None else None,
        on_miss=settings.on_miss_here if settings.record is None else settings.on_miss or "fail",
        paced=settings.pace == "recorded",
        ignore=settings.ignored_fields,
        emails=settings.mask_emails,
        max_age=settings.max_age_micros,
        on_request=settings.recordings_on_request,
    )
