"""What happened in a drill, and what is held of it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, so many seconds after the drill began."""

    at: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold: what it says, and how it fails, "" where it holds."""

    name: str
    failure: str = ""


@dataclass
class Record:
    """One drill: its events, its checks, and how long it took in seconds.

    `scale` is how much faster than life it ran, `incidents` how many were opened; `broke` says that a server did
    not run, `again` that this was the second try.
    """

    id: str
    title: str
    severity: str
    scale: int
    events: list[Event] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0
    incidents: int = 0
    broke: bool = False
    again: bool = False

    @property
    def failures(self) -> list[Check]:
        """List what does not hold."""
        return [check for check in self.checks if check.failure]

    def hold(self, name: str, failure: str = "") -> None:
        """Note a check."""
        self.checks.append(Check(name, failure))
