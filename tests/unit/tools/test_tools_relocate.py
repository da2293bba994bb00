from __future__ import annotations

from pathlib import Path

import pytest

from servers import alertmanager
from watchbill.errors import ToolError
from watchbill.stack.loopback import alerts
from watchbill.tools import GENERATIONS, generation
from watchbill.tools.relocate import INSTALLED, NEEDED_TEMPLATE, relocate

CHECKOUT = Path(__file__).resolve().parents[3]


def package(root: Path, *, binary: bytes, templates: tuple[str, ...] = ("default.tmpl", "email.tmpl")) -> Path:
    """Write what dpkg-deb unpacks of alertmanager beside a generation's folder, and its binary into that."""
    source = root / "unpacked" / "usr" / NEEDED_TEMPLATE.parent
    source.mkdir(parents=True)
    for template in templates:
        (source / template).write_text("{{ define }}")
    (source / "generate-ui.sh").touch()
    (root / "folder").mkdir()
    (root / "folder" / "alertmanager").write_bytes(binary)
    (root / "folder" / "alertmanager").chmod(0o755)
    return root / "unpacked"


def test_paths_in_the_binary_become_relative_and_nothing_moves(tmp_path: Path) -> None:
    built = b"\0" + INSTALLED + b"fail\0" + INSTALLED + b"/ui/\0end"
    relocate(package(tmp_path, binary=built), tmp_path / "folder")
    moved = (tmp_path / "folder" / "alertmanager").read_bytes()
    assert moved == b"\0share/prometheus/alertmanager/////fail\0share/prometheus/alertmanager//////ui/\0end"
    assert len(moved) == len(built)


def test_templates_are_taken_along_without_the_rest_and_the_program_stays_one(tmp_path: Path) -> None:
    relocate(package(tmp_path, binary=INSTALLED), tmp_path / "folder")
    taken = sorted(path.name for path in (tmp_path / "folder" / NEEDED_TEMPLATE.parent).iterdir())
    assert taken == ["default.tmpl", "email.tmpl"]
    assert (tmp_path / "folder" / "alertmanager").stat().st_mode & 0o777 == 0o755


def test_binary_that_names_no_such_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"^Debian's alertmanager does not name /usr/share/prometheus/alertmanager; "):
        relocate(package(tmp_path, binary=b"/usr/lib/prometheus"), tmp_path / "folder")


def test_package_without_the_template_is_refused(tmp_path: Path) -> None:
    unpacked = package(tmp_path, binary=INSTALLED, templates=("email.tmpl",))
    with pytest.raises(ToolError, match=r"has no /usr/share/prometheus/alertmanager/default\.tmpl; "):
        relocate(unpacked, tmp_path / "folder")


@pytest.mark.parametrize("name", GENERATIONS)
def test_fetched_alertmanager_starts_from_its_own_folder(name: str, tmp_path: Path) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text("{route: {receiver: nobody}, receivers: [{name: nobody}]}\n")
    assert INSTALLED not in generation(name, root=CHECKOUT).alertmanager.read_bytes()
    with alertmanager(name, config, tmp_path) as url:  # which waits for /-/ready
        assert alerts(url) == []
