"""Files that flags name: tried without a trace, and replaced as a whole."""

import os
from pathlib import Path

import pytest

from clevora_mock import exit_status
from clevora_mock.output_file import replace_file, try_writing


def test_trying_a_file_changes_nothing(tmp_path: Path) -> None:
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_bytes(b"before")
    link.symlink_to(tmp_path / "new")
    for path in (there, link, tmp_path / "other", Path(os.devnull)):
        try_writing(path)
    assert sorted(tmp_path.iterdir()) == [link, there]
    assert there.read_bytes() == b"before"
    assert link.is_symlink()


@pytest.mark.parametrize("name", [".", "none/file", "there/file"])
def test_a_place_without_room_for_a_file_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "there").touch()
    with pytest.raises(OSError, match="directory"):
        try_writing(tmp_path / name)


def test_a_pipe_is_tried_without_opening_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    try_writing(tmp_path / "pipe")


def test_a_file_is_replaced_through_its_link_and_nothing_else_is_left(tmp_path: Path) -> None:
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_bytes(b"before")
    link.symlink_to(there)
    replace_file(link, b"after")
    assert (there.read_bytes(), link.is_symlink(), sorted(tmp_path.iterdir())) == (b"after", True, [link, there])


def test_a_new_file_gets_the_mode(tmp_path: Path) -> None:
    replace_file(tmp_path / "secret", b"", 0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("command", "others", "status"),
    [(0, [], 0), (0, [1], 1), (0, [1, 2], 2), (0, [1, 2, 6], 6), (0, [6, 1, 5, 2], 5), (7, [5, 1], 7), (0, [0, 1], 1)],
)
def test_the_status_of_a_run_is_the_commands_then_conduct_money_drift_and_files(
    command: int, others: list[int], status: int
) -> None:
    assert exit_status.of_run(command, others) == status


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.touch()
    for mode in (0o600, 0o444, 0o664):
        there.chmod(mode)
        replace_file(there, b"after")
        assert there.stat().st_mode & 0o777 == mode


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "there"
    there.write_bytes(b"before")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError):
        replace_file(there, b"after")
    assert (there.read_bytes(), list(tmp_path.iterdir())) == (b"before", [there])


def test_a_link_to_no_file_yet_stays_and_its_target_is_made(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    replace_file(link, b"after")
    assert (link.is_symlink(), target.read_bytes()) == (True, b"after")


def test_a_pipe_is_written_in_place(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        replace_file(pipe, b"after")
        assert (os.read(reader, 100), pipe.is_fifo()) == (b"after", True)
    finally:
        os.close(reader)


def test_a_pipe_that_nobody_reads_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        replace_file(tmp_path / "pipe", b"after")


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    try_writing(path)
    replace_file(path, b"after")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"after", [path])


def test_a_longer_name_is_an_error_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        try_writing(tmp_path / ("n" * 256))
