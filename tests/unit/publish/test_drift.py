from __future__ import annotations

import os
from pathlib import Path

from watchbill.publish.drift import SHOWN_COLUMNS, SHOWN_LINES, Drift, compare_bytes


def one(folder: Path, wanted: bytes) -> Drift:
    (drift,) = compare_bytes(folder, {"file": wanted})
    return drift


def test_equal_trees_do_not_drift(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_bytes(b"text\n")
    assert compare_bytes(tmp_path, {"folder/file": b"text\n"}) == ()


def test_all_is_missing_where_there_is_no_folder(tmp_path: Path) -> None:
    assert compare_bytes(tmp_path / "out", {"b": b"", "a": b""}) == (
        Drift("a", "missing", ""),
        Drift("b", "missing", ""),
    )


def test_a_change_shows_where_it_begins(tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(1, 100)]
    (tmp_path / "file").write_text("\n".join(lines))
    lines[49] = "changed"
    assert one(tmp_path, "\n".join(lines).encode()).detail.splitlines()[:5] == [
        "@@ line 50 @@",
        " line 48",
        " line 49",
        "-line 50",
        "+changed",
    ]


def test_a_change_throughout_a_large_file_shows_a_few_lines(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old\n" * 1_000_000)
    detail = one(tmp_path, b"new\n" * 1_000_000).detail.splitlines()
    assert len(detail) == SHOWN_LINES + 1


def test_a_long_line_is_cut(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x" * 100_000)
    assert max(map(len, one(tmp_path, b"y" * 100_000).detail.splitlines())) == SHOWN_COLUMNS


def test_a_change_of_the_line_ends_is_shown(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"text\r\n")
    assert "-text\\r" in one(tmp_path, b"text\n").detail.splitlines()


def test_a_missing_last_line_end_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"text")
    assert one(tmp_path, b"text\n").kind == "changed"


def test_binary_content_is_shown_without_control_characters(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\x00\x1b[31m\xff\xfe\n" + bytes(range(256)))
    detail = one(tmp_path, b"text\n").detail
    assert detail.replace("\n", "").replace("\t", "").isprintable()


def test_bytes_that_look_like_the_text_of_them_still_differ(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff")
    assert one(tmp_path, b"\\xff").detail == "differs in bytes that are not text"


def test_an_extra_file_and_an_empty_folder_are_extra(tmp_path: Path) -> None:
    (tmp_path / "folder/deeper").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    assert compare_bytes(tmp_path, {}) == (
        Drift("file", "extra", "a file"),
        Drift("folder/deeper", "extra", "an empty folder"),
    )


def test_an_empty_folder_whose_files_are_missing_is_not_extra(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert compare_bytes(tmp_path, {"folder/file": b""}) == (Drift("folder/file", "missing", ""),)


def test_a_link_to_the_right_content_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").write_text("text")
    (tmp_path / "out/file").symlink_to(tmp_path / "elsewhere")
    assert one(tmp_path / "out", b"text").detail == "a symbolic link stands where a file should"


def test_a_link_to_a_folder_is_extra_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").write_text("")
    (tmp_path / "out/link").symlink_to(tmp_path / "elsewhere")
    assert compare_bytes(tmp_path / "out", {"link/file": b""}) == (
        Drift("link", "extra", "a symbolic link"),
        Drift("link/file", "missing", ""),
    )


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file")
    assert one(tmp_path, b"").detail == "a pipe, socket or device stands where a file should"


def test_a_folder_in_the_place_of_a_file_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    (tmp_path / "file/inside").write_text("")
    assert compare_bytes(tmp_path, {"file": b""}) == (
        Drift("file", "changed", "a folder stands where a file should"),
        Drift("file/inside", "extra", "a file"),
    )


def test_a_file_name_that_is_no_text_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9\n")).write_text("")
    (drift,) = compare_bytes(tmp_path, {})
    assert drift.path == "caf\\udce9\\n"
    drift.path.encode("utf-8")
