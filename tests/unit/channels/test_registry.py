"""A channel is found by its file, and nothing else of the package names it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import watchbill
from watchbill import channels

PACKAGE = Path(watchbill.__file__).parent
ELSEWHERE = {
    "channels/destinations.py",  # alerts on trial go to Slack, and the fallback receiver is a mail
    "plaintext.py",  # finds keys of many vendors in specs, whether they are channels of ours or not
}


def words(path: Path) -> Iterator[str]:
    """Give all names and texts of a module in lower case, but not what it says in docstrings and comments."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in said:
            yield node.value.lower()
        elif isinstance(node, ast.Name):
            yield node.id.lower()
        elif isinstance(node, ast.alias | ast.arg):
            yield node.__dict__.get("name", node.__dict__.get("arg", "")).lower()
        elif isinstance(node, ast.Attribute):
            yield node.attr.lower()


def test_no_other_file_names_a_channel() -> None:
    own = {f"channels/{name}.py" for name in channels.definitions()}
    named = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for word in words(path)
        if any(name in word for name in ("pagerduty", "slack"))
    }
    assert named == ELSEWHERE | (own - {"channels/email.py"})


def test_the_loudest_comes_first_and_each_has_its_template() -> None:
    assert list(channels.definitions()) == ["pagerduty", "slack", "email"]
    assert list(channels.templates()) == ["common.tmpl", "email.tmpl", "pagerduty.tmpl", "slack.tmpl"]


def test_a_file_under_another_name_than_its_channel_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "chat.py").write_text("from watchbill.channels.slack import CHANNEL\n", encoding="utf-8")
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    channels.definitions.cache_clear()
    with pytest.raises(ValueError, match=r'chat\.py defines the channel "slack"; name both alike'):
        channels.definitions()
    channels.definitions.cache_clear()
