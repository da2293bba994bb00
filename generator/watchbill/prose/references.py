"""Read the references in prose: `{{ alert("core-api/DatabaseDown").for }}`.

Only references are a template here, and `{% only core-api %}…{% endonly %}`: no other statement, no filter, no call of
anything else. So a page can neither loop nor read a file or a setting, and what it says of the specs is known before
anything is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from watchbill.errors import Span, choose
from watchbill.language.base import Diagnostics
from watchbill.source.text import Text
from watchbill.words.facts import NOUNS, THIS

MOST_REFERENCES = 2000  # of one page; nobody writes as many
LONGEST_REFERENCE = 300
MOST_FAULTS = 100  # of one kind and page; nobody reads more
HIDDEN = "\ufffc"  # in the place of each character that is the template's, so that indices stay
_RAW = "{% raw %}…{% endraw %}"
_ONLY = re.compile(r"\{%[ \t]*only[ \t]+(?P<names>[a-z0-9-]+(?:[ \t]*,[ \t]*[a-z0-9-]+)*)[ \t]*%\}")
_BLANK = " \t"
_ENDONLY = re.compile(r"\{%[ \t]*endonly[ \t]*%\}")
_ADVICE = (
    'write a reference, such as {{ alert("core-api/DatabaseDown").threshold }}; braces that belong to a command '
    f'stand between "{_RAW}"'
)

# Comments of HTML are ours, since raw HTML is refused; "{#" is bash's.
_ENVIRONMENT = ImmutableSandboxedEnvironment(
    comment_start_string="<!--", comment_end_string="-->", keep_trailing_newline=True, autoescape=False
)


@dataclass(frozen=True, slots=True)
class ReferenceUse:
    """What a reference asks for, and where it stands."""

    of: str
    key: str
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OnlyUse:
    """A passage for some services, and where it and what is in it begin and end.

    Tags that stand alone in their lines take these with them; then it is made of `lines`.
    """

    services: tuple[str, ...]
    start: int
    begin: int
    stop: int
    end: int
    lines: bool


@dataclass(slots=True)
class Template:
    """A page's references, the stretches of it that are shown to nobody, and its text with both hidden.

    `only` are its passages for some services, in their order. `refused` are those that are no references, and have been
    reported; behind a fault that ends the reading it is not `whole`.
    """

    references: list[ReferenceUse] = field(default_factory=list)
    only: list[OnlyUse] = field(default_factory=list)
    silent: list[tuple[int, int]] = field(default_factory=list)
    refused: list[tuple[int, int]] = field(default_factory=list)
    whole: bool = True
    masked: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    start: int
    end: int


def read_template(placed: Text, start: int, diagnostics: Diagnostics) -> Template:
    """Find the references and passages behind an index; what is neither is a fault."""
    reader = _Reader(placed, diagnostics)
    try:
        for token in _tokens(placed.text, start):
            start = token.end
            reader.read(token)
            if not reader.found.whole:
                break
        reader.end()
    except TemplateSyntaxError as error:
        message = (error.message or "it is no template").rstrip(".").lower()
        at = start if reader.opened is None else reader.opened.start
        reader.refuse(placed.at(at), f"braces cannot be read ({message})", _ADVICE)
    found = reader.found
    found.masked = _masked(placed.text, found)
    return found


class _Reader:
    """Reads tokens one after the other, and tells what is wrong."""

    def __init__(self, placed: Text, diagnostics: Diagnostics) -> None:
        self.found = Template()
        self.opened: _Token | None = None
        self._only: tuple[tuple[str, ...], _Token] | None = None
        self._placed, self._diagnostics = placed, diagnostics
        self._most = len(diagnostics.found) + MOST_FAULTS

    def read(self, token: _Token) -> None:
        """Take a token in."""
        if token.kind in {"variable_begin", "block_begin"}:
            self.opened = token
        elif token.kind == "variable_end" and self.opened is not None:
            self._reference(self.opened.start, token.end)
        elif token.kind == "block_end" and self.opened is not None:
            self._statement(self.opened.start, token.end)
        elif token.kind.startswith(("raw_", "comment")):
            self.found.silent.append((token.start, token.end))
        if len(self._diagnostics.found) >= self._most:
            self.found.whole = False

    def refuse(self, span: Span, what: str, todo: str, code: str = "prose/wrong-reference") -> None:
        """Tell of a fault behind which nothing can be read."""
        self._diagnostics.add(span, code, what, todo)
        self.found.whole = False

    def end(self) -> None:
        """Tell of a passage that does not end."""
        if self.found.whole and self._only is not None:
            tag = self._only[1]
            todo = "write {% endonly %} where it ends"
            self.refuse(self._placed.between(tag.start, tag.end), "the passage does not end", todo, "prose/wrong-only")

    def _reference(self, start: int, end: int) -> None:
        self.opened = None
        if (asked := _asked(self._placed, start, end, self._diagnostics)) is not None:
            self.found.references.append(asked)
        else:
            self.found.refused.append((start, end))
        if len(self.found.references) > MOST_REFERENCES:
            what = f"the page holds more than {MOST_REFERENCES} references"
            self.refuse(self._placed.at(end), what, "split it", "prose/too-many-references")

    def _statement(self, start: int, end: int) -> None:
        self.opened = None
        tag, text = _Token("only", start, end), self._placed.text[start:end]
        span = self._placed.between(start, end)
        if (begin := _ONLY.fullmatch(text)) is not None and self._only is None:
            self._only = tuple(name.strip() for name in begin["names"].split(",")), tag
        elif begin is not None:
            self.refuse(
                span, "a passage begins within another", "end the first one by {% endonly %}", "prose/wrong-only"
            )
        elif _ENDONLY.fullmatch(text) is not None and self._only is not None:
            self.found.only.append(_passage(self._placed.text, *self._only, tag))
            self._only = None
        elif _ENDONLY.fullmatch(text) is not None:
            self.refuse(span, "no passage ends here", "begin it by {% only <service> %}", "prose/wrong-only")
        else:
            todo = f'write it out, or {{% only <service> %}}; braces of a command stand between "{_RAW}"'
            self.refuse(span, "prose holds references only, no statements but {% only %}", todo)


def _passage(text: str, services: tuple[str, ...], first: _Token, last: _Token) -> OnlyUse:
    """Mark a passage: where both tags stand alone in their lines, these belong to them."""
    outer, inner = _line(text, first), _line(text, last)
    if outer is None or inner is None:
        return OnlyUse(services, first.start, first.end, last.start, last.end, lines=False)
    return OnlyUse(services, outer[0], outer[1], inner[0], inner[1], lines=True)


def _line(text: str, tag: _Token) -> tuple[int, int] | None:
    """Return where the line of a tag begins and ends, its break included; nothing where more stands in it."""
    start, end = tag.start, tag.end
    while start and text[start - 1] in _BLANK:
        start -= 1
    while end < len(text) and text[end] in _BLANK:
        end += 1
    begins, ends = start == 0 or text[start - 1] == "\n", end == len(text) or text[end] == "\n"
    return (start, min(end + 1, len(text))) if begins and ends else None


def _tokens(text: str, start: int) -> Iterator[_Token]:
    """Yield Jinja's tokens with their indices; Jinja itself knows lines only."""
    for _, kind, part in _ENVIRONMENT.lex(text[start:]):
        begin = text.index(part, start)  # "{{-" swallows the blanks before it
        start = begin + len(part)
        yield _Token(kind, begin, start)


def _asked(placed: Text, start: int, end: int, diagnostics: Diagnostics) -> ReferenceUse | None:
    """Read one reference: what it is of, the key, and the field."""
    text, span = placed.text[start:end], placed.between(start, end)
    try:
        body = _ENVIRONMENT.parse(text).body if len(text) <= LONGEST_REFERENCE else []
    except (TemplateSyntaxError, RecursionError):  # brackets in brackets
        body = []
    match body:
        case [nodes.Output(nodes=[nodes.Getattr(node=nodes.Name(name=of), attr=name)])] if of == THIS:
            return ReferenceUse(of, "", name, start, end)
        case [
            nodes.Output(
                nodes=[
                    nodes.Getattr(
                        node=nodes.Call(
                            node=nodes.Name(name=of),
                            args=[nodes.Const(value=str(key))],
                            kwargs=[],
                            dyn_args=None,
                            dyn_kwargs=None,
                        ),
                        attr=name,
                    )
                ]
            )
        ]:
            if of in NOUNS:
                return ReferenceUse(of, key, name, start, end)
            diagnostics.add(span, "prose/wrong-reference", f'there is no "{of}" to ask', choose(of, [THIS, *NOUNS]))
        case _:
            diagnostics.add(
                span,
                "prose/wrong-reference",
                f"{text if len(text) <= 60 else text[:57] + '…'} is no reference",
                _ADVICE,
            )
    return None


def _masked(text: str, found: Template) -> str:
    """Hide what is the template's; a line that holds a tag only becomes blank, since nothing of it is shown."""
    hidden = [*found.silent, *found.refused, *((asked.start, asked.end) for asked in found.references)]
    blank = [(start, end) for use in found.only if use.lines for start, end in _tags(use)]
    hidden += [(start, end) for use in found.only if not use.lines for start, end in _tags(use)]
    parts, done = [], 0
    for start, end, mark in sorted([*((*span, HIDDEN) for span in hidden), *((*span, " ") for span in blank)]):
        parts += [text[done:start], "".join("\n" if c == "\n" else mark for c in text[start:end])]
        done = end
    return "".join([*parts, text[done:]])


def _tags(use: OnlyUse) -> tuple[tuple[int, int], tuple[int, int]]:
    return (use.start, use.begin), (use.stop, use.end)
