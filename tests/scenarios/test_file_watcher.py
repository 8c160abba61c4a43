"""A watched file is read again after a change; an invalid one changes nothing."""

import os
from pathlib import Path

from clevora_mock.scenarios.file_watcher import FileWatcher


def test_equal_size_and_time_do_not_hide_a_change(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: one\n")
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    names: list[str] = []
    watcher = FileWatcher(file, lambda scenario: names.append(scenario.name), names.append)
    file.write_text("name: two\n")
    os.utime(file, ns=times)
    watcher.poll()
    os.utime(file)
    watcher.poll()
    assert names == ["two"]


def test_an_emptied_file_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: one\n")
    found: list[str] = []
    watcher = FileWatcher(file, lambda scenario: found.append(scenario.name), found.append)
    file.write_text("")
    watcher.poll()
    file.write_text("name: one\n")
    watcher.poll()
    assert found == []


def test_a_change_is_reported_once_and_a_mistake_as_text(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: one\n")
    names: list[str] = []
    problems: list[str] = []
    watcher = FileWatcher(file, lambda scenario: names.append(scenario.name), problems.append)
    watcher.poll()
    assert (names, problems) == ([], [])
    file.write_text("name: the second\n")
    watcher.poll()
    watcher.poll()
    assert (names, problems) == (["the second"], [])
    file.write_text("nme: x\n")
    watcher.poll()
    assert names == ["the second"]
    assert problems == [f'{file}:1:1: unknown entry "nme"; did you mean "name"?']
    file.unlink()
    watcher.poll()
    assert problems[1:] == [f"{file}: cannot be read: No such file or directory"]
