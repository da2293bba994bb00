"""What can be wrong, where it stands, and with which code the command ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

LONGEST_NAME = 100
MOST_CHOICES = 20  # as many are all shown
SHOWN_CHOICES = 12  # of more than that


class ExitCode(IntEnum):
    """Exit codes of every command; part of the contract with scripts and CI."""

    CLEAN = 0
    FOUND = 1
    USAGE = 2
    TOOL = 3


class DiagnosticLevel(StrEnum):
    """How much a diagnostic matters: an error stops the flow, a warning never does."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a file as its author sees it.

    Lines and columns count from 1, columns in characters; the end is exclusive.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong, where, and what its author can do about it.

    `code` names the kind of fault, such as `pack/unknown-alert`; `library/diagnostics.yaml` explains each. `what`
    states the fault and quotes the author's text; `todo` is an instruction. Neither ends in a full stop.
    """

    span: Span
    code: str
    what: str
    todo: str
    level: DiagnosticLevel = DiagnosticLevel.ERROR

    def __str__(self) -> str:
        return f"{self.span}: {self.what}; {self.todo}"


class WatchbillError(Exception):
    """Base of everything that ends a command with a sentence instead of a traceback."""

    exit_code = ExitCode.FOUND


class SpecError(WatchbillError):
    """The authors' input has faults; carries all of them, sorted by place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = sort_diagnostics(diagnostics)
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


class RefusedError(WatchbillError):
    """A command declines to act on what it found, such as a folder that is not ours."""


class UsageError(WatchbillError):
    """The command line asks for something that does not exist."""

    exit_code = ExitCode.USAGE


class ToolError(WatchbillError):
    """A tool that we depend on is missing, too old, or broke."""

    exit_code = ExitCode.TOOL


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort by place, then text, without repetitions."""
    return tuple(sorted(set(diagnostics), key=lambda d: (d.span, d.what, d.todo, d.code)))


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """Return the choice that a person most likely meant by `name`, if one is near enough.

    `service/Alert` is compared with the alerts of that service only, where there is one.
    """
    import difflib  # noqa: PLC0415 (a cold start need not pay for suggestions)

    home = _home(name, choices := tuple(choices))
    own = (choice for choice in sorted(choices, reverse=True) if choice.startswith(home))
    by_fold = {choice.removeprefix(home).casefold(): choice for choice in own}
    # difflib is slow on long texts, and nobody means a short name by a long one
    wanted = name.removeprefix(home)[:LONGEST_NAME].casefold()
    found = difflib.get_close_matches(wanted, sorted(by_fold), n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def and_more(number: int) -> str:
    """Say that there are so many more than the one that is named."""
    return f" (and {number} more)" if number else ""


def _home(name: str, choices: Iterable[str]) -> str:
    home = "".join(name.rpartition("/")[:2])
    return home if any(choice.startswith(home) for choice in choices) else ""


def choose(name: str, choices: Iterable[str], *, none: str = "there is nothing to choose from") -> str:
    """Phrase the `todo` for an unknown name: the nearest right one, else the list of choices."""
    known = sorted(choices)
    if (match := nearest(name, known)) is not None:
        return f'use "{match}"'
    known = [choice for choice in known if choice.startswith(_home(name, known))]
    if not known:
        return none
    if len(known) <= MOST_CHOICES:
        return f"choose one of: {', '.join(known)}"
    shown = _closest(name, known)
    return f"choose one of: {', '.join(shown)}{and_more(len(known) - len(shown))}"


def _closest(name: str, known: Iterable[str]) -> list[str]:
    """Sort the few choices that are most like a name, although none is near enough to be meant."""
    import difflib  # noqa: PLC0415 (as in `nearest`)

    wanted = name[:LONGEST_NAME].casefold()

    def likeness(choice: str) -> float:
        return difflib.SequenceMatcher(None, choice.casefold(), wanted).ratio()

    return sorted(sorted(known, key=likeness, reverse=True)[:SHOWN_CHOICES])
