"""Read the references in prose: `{{ alert("core-api/DatabaseDown").for }}`.

Only references are a template here: no statement, no filter, no call of anything else. So a page can neither loop
nor read a file or a setting, and what it says of the specs is known before anything is rendered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from watchbill.errors import choose
from watchbill.language.base import Diagnostics
from watchbill.source.text import Text
from watchbill.words.facts import NOUNS, THIS

MOST_REFERENCES = 2000  # of one page; nobody writes as many
LONGEST_REFERENCE = 300
MOST_FAULTS = 100  # of one kind and page; nobody reads more
HIDDEN = "\ufffc"  # in the place of each character that is the template's, so that indices stay
_RAW = "{% raw %}…{% endraw %}"
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


@dataclass(slots=True)
class Template:
    """A page's references, the stretches of it that are shown to nobody, and its text with both hidden.

    `refused` are those that are no references, and have been reported; behind a fault that ends the reading it is not
    `whole`.
    """

    references: list[ReferenceUse] = field(default_factory=list)
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
    """Find the references behind an index; what is none is a fault."""
    found, most = Template(), len(diagnostics.found) + MOST_FAULTS
    opened: _Token | None = None
    try:
        for token in _tokens(placed.text, start):
            start = token.end
            if token.kind == "block_begin":
                what = "prose holds references only, no statements"
                todo = f'write it out; braces that belong to a command stand between "{_RAW}"'
                diagnostics.add(placed.between(token.start, token.end), "prose/wrong-reference", what, todo)
                found.whole = False
                break
            if token.kind == "variable_begin":
                opened = token
            elif token.kind == "variable_end" and opened is not None:
                if (asked := _asked(placed, opened.start, token.end, diagnostics)) is not None:
                    found.references.append(asked)
                else:
                    found.refused.append((opened.start, token.end))
                opened = None
            elif token.kind.startswith(("raw_", "comment")):
                found.silent.append((token.start, token.end))
            if len(found.references) > MOST_REFERENCES:
                diagnostics.add(
                    placed.at(start),
                    "prose/too-many-references",
                    f"the page holds more than {MOST_REFERENCES} references",
                    "split it",
                )
            if len(found.references) > MOST_REFERENCES or len(diagnostics.found) >= most:
                found.whole = False
                break
    except TemplateSyntaxError as error:
        message = (error.message or "it is no template").rstrip(".").lower()
        diagnostics.add(
            placed.at(opened.start if opened else start),
            "prose/wrong-reference",
            f"braces cannot be read ({message})",
            _ADVICE,
        )
        found.whole = False
    hidden = [*found.silent, *found.refused, *((asked.start, asked.end) for asked in found.references)]
    found.masked = _mask(placed.text, hidden)
    return found


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


def _mask(text: str, ranges: list[tuple[int, int]]) -> str:
    parts, done = [], 0
    for start, end in sorted(ranges):
        parts += [text[done:start], "".join("\n" if c == "\n" else HIDDEN for c in text[start:end])]
        done = end
    return "".join([*parts, text[done:]])
