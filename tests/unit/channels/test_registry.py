"""A channel is found by its file, nothing else of the package names it, and it holds what it declares.

Nothing here knows a channel's name but `ELSEWHERE`: a new channel is tested as soon as its file is there. The invented
channels of `cases/channels` are tested beside ours.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

import watchbill
from invented import NAMES, registered
from notified import address_of, entry_of, fields
from watchbill import channels
from watchbill.channels.base import Definition
from watchbill.language.fields import TextRule

PACKAGE = Path(watchbill.__file__).parent
OURS = tuple(channels.definitions())
# They know the secrets of many vendors, whether these are channels of ours or not.
OF_VENDORS = frozenset({"plaintext.py", "audit/secret_files.py", "audit/secret_references.py"})
# Words that mean something else there, or facts of the package; a new channel adds nothing.
ELSEWHERE: Mapping[str, frozenset[str]] = {
    "channels/destinations.py": frozenset({"slack", "email"}),  # alerts on trial, and the fallback receiver
    "spec/platform.py": frozenset({"email"}),  # a key of the fallback receiver
    "outputs/alertmanager/receivers.py": frozenset({"webhook"}),  # how the dead man's switch is called
    "stack/configuration.py": frozenset({"webhook"}),  # the same
    "model/routing.py": frozenset({"email"}),  # a key of the fallback receiver
    "lower/platform.py": frozenset({"email"}),  # the same
    "reference/synthetic.py": frozenset({"email"}),  # the same
    "channels/received.py": frozenset({"email"}),  # a module of Python
    "stack/receivers.py": frozenset({"email"}),  # the same
    "testpage/deployed.py": frozenset({"email"}),  # the same
}


@pytest.fixture(params=[*OURS, *NAMES])
def definition(request: pytest.FixtureRequest) -> Iterator[Definition]:
    """Give each channel, ours and the invented ones."""
    with registered():
        yield channels.definitions()[request.param]


def words(path: Path) -> Iterator[str]:
    """Give the words of all names and texts of a module in lower case, but not of docstrings and comments."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        for name in _names(node):
            yield from re.split(r"[^a-z0-9]+", name.lower())
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in said:
            yield from re.split(r"[^a-z0-9_-]+", node.value.lower())
            yield from re.split(r"[^a-z0-9]+", node.value.lower())


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom):
        yield node.module or ""
    for field in ("id", "attr", "arg", "name"):
        if isinstance(found := getattr(node, field, None), str):
            yield found


def declared(definition: Definition) -> set[str]:
    """List the words that belong to a channel alone: its name, and the global settings and secrets that it brings."""
    return {definition.channel.name, *definition.global_files, *definition.global_files.values()}


def test_no_other_file_names_a_channel(definition: Definition) -> None:
    own = f"channels/{definition.channel.name}.py"
    keys = {f"channels/{name}.py": set(each.key.split("_")) for name, each in channels.definitions().items()}
    for path in PACKAGE.rglob("*.py"):
        at = path.relative_to(PACKAGE).as_posix()
        if at in OF_VENDORS or at == own:
            continue
        found = declared(definition) & set(words(path))
        # a chat that takes what Slack takes is an entry of `slack_configs` too
        allowed = ELSEWHERE.get(at, frozenset()) | keys.get(at, set())
        assert found <= allowed, f"{at} names {found}, which belongs into {own} alone"


@pytest.mark.parametrize(("path", "names"), ELSEWHERE.items(), ids=ELSEWHERE)
def test_names_are_found_where_they_are(path: str, names: frozenset[str]) -> None:
    assert names <= set(words(PACKAGE / path))


def test_the_loudest_comes_first() -> None:
    with registered():
        found = [each.channel for each in channels.definitions().values()]
    assert {channel.name for channel in found} == {*OURS, *NAMES}
    assert [channel.rank for channel in found] == sorted(channel.rank for channel in found)


def test_every_template_that_its_receiver_names_is_defined(definition: Definition) -> None:
    with registered():
        defined = set(re.findall(r'define "(.+?)"', "\n".join(channels.templates().values())))
    texts = [text for _, text in fields(entry_of(definition.channel.name))]
    named = {name for text in texts for name in re.findall(r'template "(.+?)"', text)}
    assert named <= defined


def test_a_template_is_of_a_channel_that_uses_it_or_shared() -> None:
    with registered():
        used = {
            f"{name}.tmpl"
            for name in channels.definitions()
            if any(f'template "watchbill.{name}.' in text for _, text in fields(entry_of(name)))
        }
        assert channels.templates().keys() == {"common.tmpl", *used}


def test_its_usage_gives_one_address_that_its_own_rule_takes(definition: Definition) -> None:
    name = definition.channel.name
    (address,) = {team[name] for team in yaml.safe_load(definition.usage)["teams"].values() if name in team}
    for rule in getattr(definition.address, "__metadata__", ()):
        if isinstance(rule, TextRule):
            assert rule.pattern is None or rule.pattern.fullmatch(address)
            assert len(address) <= rule.longest
    assert address == address_of(name)


def test_what_an_address_is_has_an_article_since_messages_say_that_a_text_is_not_that(definition: Definition) -> None:
    rules = [rule for rule in getattr(definition.address, "__metadata__", ()) if isinstance(rule, TextRule)]
    assert rules
    for rule in rules:
        assert rule.kind.partition(" ")[0] in {"a", "an", "one", "the"}, f'write "a {rule.kind}", or "an {rule.kind}"'


def test_an_address_is_listed_with_what_it_is(definition: Definition) -> None:
    assert definition.channel.listed.count("{}") == 1
    assert "x" in definition.channel.listed.format("x")


def test_a_file_under_another_name_than_its_channel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "chat.py").write_text(f"from watchbill.channels.{OURS[0]} import CHANNEL\n", encoding="utf-8")
    what = rf'chat\.py defines the channel "{OURS[0]}"; name both alike'
    with registered(tmp_path), pytest.raises(ValueError, match=what):
        channels.definitions()


@pytest.mark.parametrize("text", ["CHANEL = 1\n", "CHANNEL = 1\n"])
def test_a_file_that_misspells_its_channel_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "chat.py").write_text(text, encoding="utf-8")
    what = r'watchbill/channels/chat\.py has no "CHANNEL"; let it be the Definition of a channel'
    with registered(tmp_path), pytest.raises(TypeError, match=what):
        channels.definitions()
