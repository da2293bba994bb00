"""An output is one file: it is found by itself, and cannot take another's place."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spectree import compile_tree, service, write_tree
from watchbill import outputs
from watchbill.model.bundle import Bundle

LISTS_ALERTS = """
def render(bundle):
    return {"{path}": " ".join(alert.name for alert in bundle.alerts)}
"""


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    alert = "signal: kit, kind: level, metric: load, above: 5, for: 5m, severity: Info, summary: Load"
    return compile_tree(write_tree(tmp_path, {"services/shop.yaml": service({"LoadHigh": alert})}))


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A second folder of outputs, whose modules are forgotten afterwards."""
    folder = tmp_path / "outputs"
    folder.mkdir()
    monkeypatch.setattr(outputs, "__path__", [*outputs.__path__, str(folder)])
    yield folder
    for file in folder.glob("*.py"):
        sys.modules.pop(f"{outputs.__name__}.{file.stem}", None)
        vars(outputs).pop(file.stem, None)


def test_an_output_that_is_one_new_file_is_rendered_beside_the_others(bundle: Bundle, room: Path) -> None:
    before = outputs.render(bundle)
    (room / "invented.py").write_text(LISTS_ALERTS.replace("{path}", "invented.txt"))
    after = outputs.render(bundle)
    assert after.keys() - before.keys() == {"invented.txt"}
    assert "LoadHigh" in after.pop("invented.txt")
    assert after == before


@pytest.mark.parametrize(
    "text", ["WORDS = 'this file writes nothing'\n", "def rendr(bundle): return {}\n", "render = {}\n"]
)
def test_a_file_without_a_render_is_refused(bundle: Bundle, room: Path, text: str) -> None:
    (room / "spelling.py").write_text(text)
    what = (
        r'watchbill/outputs/spelling has no function "render"; write it, or move what helps others to watchbill/words'
    )
    with pytest.raises(TypeError, match=what):
        outputs.render(bundle)


@pytest.mark.parametrize("name", ["a_first", "z_last"])
def test_two_outputs_that_write_one_path_are_an_error(bundle: Bundle, room: Path, name: str) -> None:
    (room / f"{name}.py").write_text(LISTS_ALERTS.replace("{path}", "catalog.json"))
    with pytest.raises(ValueError, match=rf"(catalog and {name}|{name} and catalog) both write catalog\.json"):
        outputs.render(bundle)


def test_importing_the_outputs_imports_none_of_them() -> None:
    code = "import sys, watchbill.outputs; print([name for name in sys.modules if 'outputs.' in name])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
