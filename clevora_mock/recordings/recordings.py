"""The recordings of a server: a file for each sandbox that has one, and what became of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal
from weakref import WeakKeyDictionary

from msgspec import Struct

from clevora_mock.core.errors import UnwritableFileError
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.output_file import try_writing, unwritable
from clevora_mock.recordings.pending_lines import PendingLines
from clevora_mock.recordings.recorded_exchange import RecordingHeader
from clevora_mock.recordings.recording_file import SUFFIX, RecordingError, read_recording
from clevora_mock.recordings.sandbox_recording import RecordingFile, RecordMode, SandboxRecording
from clevora_mock.web.background import LONG, Background

# More are summed up.
_MAX_NAMED = 20


class RecordingOptions(Struct, frozen=True):
    """Options of a server that records or replays.

    `mode` is None to replay alone. With `on_request`, only those sandboxes have a recording that ask for one. `max_age`
    is in microseconds. The header's date is the server's start.
    """

    directory: Path
    header: RecordingHeader
    mode: RecordMode | None = None
    on_miss: Literal["mock", "fail"] = "mock"
    paced: bool = True
    ignore: tuple[str, ...] = ()
    emails: bool = False
    max_age: int | None = None
    on_request: bool = False


class Recordings:
    """The recordings of a server's sandboxes; `log` writes a message.

    `now` returns the machine's time, in microseconds. Raises RecordingError for a directory or a file that cannot be
    used, UnwritableFileError for one that cannot be written.
    """

    def __init__(self, options: RecordingOptions, now: Callable[[], int], log: Callable[[str], None]) -> None:
        self.options = options
        self.log = log
        self.pending = PendingLines(log)
        self._now = now
        self._files: dict[str, RecordingFile] = {}
        # Of exchanges that could not be written.
        self.unwritten: set[Path] = set()
        self._misses = 0
        # Of the first one.
        self._miss = ""
        self._by_sandbox: WeakKeyDictionary[Sandbox, SandboxRecording] = WeakKeyDictionary()
        directory = options.directory
        if options.mode is not None:
            _try_recording(options)
        elif not (options.on_request or any(directory.glob(f"*{SUFFIX}"))):
            if directory.is_file():
                raise RecordingError(f"{directory}: that is a file; give its directory")
            problem = f"no recording (NAME{SUFFIX}) in it" if directory.is_dir() else "no such directory"
            raise RecordingError(f"{directory}: {problem}; record one with --upstream URL --record {directory}")
        if options.mode != "all" and not options.on_request:
            for path in sorted(directory.glob(f"*{SUFFIX}")):
                recording = read_recording(path)
                recording.require_young(options.max_age, now())
                recording.require_usable()

    def of(self, sandbox: Sandbox) -> SandboxRecording | None:
        """Return a sandbox's recording; None for one that has not asked for it where it must. Raises RecordingError."""
        found = self._by_sandbox.get(sandbox)
        if found is None and not self.options.on_request:
            return self.select(sandbox, sandbox.name)
        return found

    def is_used_by(self, sandbox: Sandbox) -> bool:
        """Tell whether a sandbox has a recording, without reading it."""
        return not self.options.on_request or sandbox in self._by_sandbox

    async def prepare(self, sandbox: Sandbox, background: Background) -> None:
        """Read what `of` needs, in the thread. Raises RecordingError."""
        if not (self.options.on_request or sandbox in self._by_sandbox):
            await self.read(sandbox.name, background)

    async def read(self, name: str, background: Background) -> None:
        """Read the recording `name`, so that `select` need not. Raises RecordingError."""
        await background.run(LONG, lambda: self._file(name))

    def select(self, sandbox: Sandbox, name: str) -> SandboxRecording:
        """Give a sandbox the recording `name`, from its beginning. Raises RecordingError."""
        chosen = SandboxRecording(self._file(name))
        replaced = self._by_sandbox.get(sandbox)
        if replaced is not None:
            sandbox.change_listeners.remove(replaced.restart_after)
        sandbox.change_listeners.append(chosen.restart_after)
        self._by_sandbox[sandbox] = chosen
        return chosen

    def add_miss(self, place: str, explain: Callable[[], str]) -> None:
        """Count a request that is in no recording; `explain` says why, which takes time, so only of the first."""
        self._misses += 1
        if self._misses == 1:
            self._miss = f"{place}: {explain()}"

    def report(self, *, has_passed: bool) -> list[str]:
        """Return how many requests were in no recording, and which exchanges were not used.

        The latter not where the command has failed, or no exchange was used at all: they may be used another time.
        """
        lines = []
        if self._misses:
            noun = "1 request was" if self._misses == 1 else f"{self._misses:,} requests were"
            end = "answered by the mock" if self.options.on_miss == "mock" else "refused"
            first = "" if self._misses == 1 else "the first is "
            lines.append(f"{noun} in no recording and {end}; {first}{self._miss}")
        if has_passed and any(file.used for file in self._files.values()):
            lines += self._unused()
        return lines

    def _unused(self) -> list[str]:
        names = set(self._files)
        if self.options.mode is None and not self.options.on_request:
            names |= {path.stem for path in self.options.directory.glob(f"*{SUFFIX}")}
        places = []
        for name in sorted(names):
            try:
                file = self._file(name)
            except RecordingError:
                # Changed since the start.
                continue
            # Recordings of this run were not there to be used.
            places += [f"{file.path}:{number}" for number in file.unused] if file.exists else []
        if not places:
            return []
        more = f" and {len(places) - _MAX_NAMED:,} more" if len(places) > _MAX_NAMED else ""
        noun = "1 recording was" if len(places) == 1 else f"{len(places):,} recordings were"
        named = " ".join(places[:_MAX_NAMED])
        return [f"{noun} not used; remove what is no longer asked: clevora-mock recordings prune {named}{more}"]

    def _file(self, name: str) -> RecordingFile:
        found = self._files.get(name)
        if found is None:
            options = self.options
            path = options.directory / f"{name}{SUFFIX}"
            found = RecordingFile(path, options.mode, options.ignore, options.header)
            if found.exists:
                found.recording.require_young(options.max_age, self._now())
            # Any name can be asked for, so those without a file are not kept.
            if found.exists or options.mode is not None:
                self._files[name] = found
        return found


def _try_recording(options: RecordingOptions) -> None:
    """Make the directory. Raises UnwritableFileError if it, or a file that may be written, cannot be written later."""
    directory = options.directory
    may_change = options.mode in ("new", "all") and not options.on_request
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path in [directory / f"new{SUFFIX}", *(sorted(directory.glob(f"*{SUFFIX}")) if may_change else ())]:
            try_writing(path)
    except OSError as error:
        raise UnwritableFileError(f"--record: {unwritable(directory, error)}") from None
