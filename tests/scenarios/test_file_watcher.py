"""A watched file is read again after a change; an invalid one changes nothing."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from clevora_mock.core.scenario import Scenario
from clevora_mock.scenarios.file_watcher import FileWatcher


def watcher_of(file: Path, names: list[str], problems: list[str]) -> FileWatcher:
    """Watch `file`, and append the names of its scenarios and its problems to the lists."""

    async def change(scenario: Scenario) -> None:
        names.append(scenario.name)

    async def work(read: Callable[[], Scenario | None]) -> Scenario | None:
        return read()

    return FileWatcher(file, change, problems.append, work)


def test_equal_size_and_time_do_not_hide_a_change(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: one\n")
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    names: list[str] = []
    watcher = watcher_of(file, names, names)
    file.write_text("name: two\n")
    os.utime(file, ns=times)
    asyncio.run(watcher.poll())
    os.utime(file)
    asyncio.run(watcher.poll())
    assert names == ["two"]


def test_an_emptied_file_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: one\n")
    found: list[str] = []
    watcher = watcher_of(file, found, found)
    file.write_text("")
    asyncio.run(watcher.poll())
    file.write_text("name: one\n")
    asyncio.run(watcher.poll())
    assert found == []


def test_a_change_is_reported_once_and_a_mistake_as_text(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: one\n")
    names: list[str] = []
    problems: list[str] = []
    watcher = watcher_of(file, names, problems)
    asyncio.run(watcher.poll())
    assert (names, problems) == ([], [])
    file.write_text("name: the second\n")
    asyncio.run(watcher.poll())
    asyncio.run(watcher.poll())
    assert (names, problems) == (["the second"], [])
    file.write_text("nme: x\n")
    asyncio.run(watcher.poll())
    assert names == ["the second"]
    assert problems == [f'{file}:1:1: unknown entry "nme"; did you mean "name"?']
    file.unlink()
    asyncio.run(watcher.poll())
    assert problems[1:] == [f"{file}: cannot be read: No such file or directory"]
