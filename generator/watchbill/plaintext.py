"""Recognise secrets in plain text, and hide them.

Alertmanager gets its secrets by file only, and what stands once in a spec stands in every clone of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMPLAINT = "a plain secret ("
_BY_NAME = "the value of "
DOT = "•"  # one column wide, and in no secret's alphabet

# The group "secret" is what has to be hidden; what stands before it tells readers whose secret it is. Messages
# shorten what authors wrote, so each pattern holds without the secret's end, and takes "…" for it where it needs one.
# No pattern begins with a repetition: each costs linear time on a file of one line.
_ANYWHERE: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "a private key",
        re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?P<secret>.*?)(?=-----END |\Z)", re.DOTALL),
    ),
    ("a Slack webhook URL", re.compile(r"\bhooks\.slack(?:-gov)?\.com/[a-z]{1,20}/(?P<secret>[\w/+-]+)", re.ASCII)),
    ("a Slack token", re.compile(r"\b(?:xox[a-z]|xapp)-(?P<secret>[0-9A-Za-z.-]{6,})")),
    (
        "a PagerDuty integration key",
        re.compile(r"\bevents(?:\.eu)?\.pagerduty\.com/[\w/-]{0,40}integration/(?P<secret>\w+)", re.ASCII),
    ),
    (
        "a Discord webhook URL",
        re.compile(r"\bdiscord(?:app)?\.com/api/(?:v\d+/)?webhooks/(?P<secret>[\w/-]+)", re.ASCII),
    ),
    (
        "a Teams webhook URL",
        re.compile(r"\b(?:webhook\.office|outlook\.office)\.com/webhook[\w]{0,10}/(?P<secret>[\w@/-]+)", re.ASCII),
    ),
    ("a Telegram bot token", re.compile(r"\b[0-9]{8,10}:(?P<secret>[0-9A-Za-z_-]{35})(?![\w-])")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)(?P<secret>[0-9A-Z]{16})(?![0-9A-Za-z])")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_|github_pat_)(?P<secret>[0-9A-Za-z_]{20,})")),
    ("a GitLab token", re.compile(r"\bglpat-(?P<secret>[\w-]{20,})", re.ASCII)),
    ("a Grafana token", re.compile(r"\bgl(?:sa|c)_(?P<secret>[\w+/=]{20,})", re.ASCII)),
    ("a JSON Web Token", re.compile(r"\beyJ(?P<secret>[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?)", re.ASCII)),
    (
        "a bearer token",
        re.compile(r"\b[Bb]earer[ \t]{1,4}(?=[A-Za-z._~+/-]{0,200}[0-9])(?P<secret>[\w.~+/-]{12,}={0,2})", re.ASCII),
    ),
    # a password of digits only, cut by "…", would be a port; "$", "<" and "{" begin the name of a password
    (
        "a URL with a password",
        re.compile(
            r"""://[^\s/@:"']{0,200}:(?![$<{*•])(?P<secret>[^\s/@"'…]++(?=@)|(?=[0-9]*[^\s/@"'…0-9])[^\s/@"'…]++(?=…))"""
        ),
    ),
)

# PagerDuty's keys have no mark of their own: 32 digits and letters. So only a whole value is one, and not where
# it could be a word: digits and letters must mix.
_KEY = r"(?=[0-9A-Za-z]{0,31}[a-zA-Z])(?=(?:[A-Za-z]{0,31}[0-9]){4})(?P<secret>[0-9A-Za-z]{32})"
_WHOLE = ("a PagerDuty integration key", re.compile(_KEY))
_SET_OFF = re.compile(rf"""(?<![^\s"'`,:=([{{]){_KEY}(?![^\s"'`,;)\]}}])""")

_NAMES = (
    "password|passwd|passphrase|secret|token|credentials|api[_-]?key|routing[_-]?key|service[_-]?key|private[_-]?key"
    "|slack[_-]api[_-]url|webhook[_-]url"
)
_NAME = re.compile(rf"(?:[\w.-]*[_.-])?(?:{_NAMES})", re.IGNORECASE | re.ASCII)
# A value without quotes ends as it does in a YAML mapping in braces, or at a comment, or with its line.
_NAMED = re.compile(
    rf"""(?<![0-9A-Za-z])(?:{_NAMES})["']?[ \t]{{0,8}}(?:[:=][ \t]{{1,40}}|:(?=["']))"""
    r"""(?:"(?P<double>(?:[^"\\\n]|\\.)+)"|'(?P<single>(?:[^'\n]|'')+)'"""
    r"""|(?P<plain>(?![|>&*!{\[#"'])\S[^\n]*?)(?=[ \t]{0,8}(?:[,}\]](?:[\s}\],]|\Z)|[ \t]\#|\r?\n|\Z)))""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a text seems to hold, such as "a Slack token", and where: the secret part, from 0, its end exclusive."""

    kind: str
    start: int
    end: int


def find(text: str) -> Found | None:
    """Find the first secret in a whole value, by its form alone; None where it seems to hold none."""
    kind, pattern = _WHOLE
    if match := pattern.fullmatch(text.strip()):
        start = text.index(match["secret"])
        return Found(kind, start, start + len(match["secret"]))
    return min(find_all(text), key=lambda found: found.start, default=None)


def find_all(text: str) -> Iterator[Found]:
    """Yield every secret that is known by its form wherever it stands, such as in a comment, ordered by kind."""
    for kind, pattern in _ANYWHERE:
        for match in pattern.finditer(text):
            if match["secret"].strip(f"{DOT} \r\n"):
                yield Found(kind, *match.span("secret"))


def names_secret(key: str) -> bool:
    """Whether what stands under this key is a secret, whatever its form; a key that ends in `_file` names a file."""
    return _NAME.fullmatch(key) is not None


def complain(kind: str) -> str:
    """Say that a secret of this kind stands where it must not; a kind may also be `of_name`."""
    return f"{_COMPLAINT}{kind}) stands in a spec"


def of_name(key: str) -> str:
    """Name a secret that is known by its key alone."""
    return f'{_BY_NAME}"{key}"'


def tells_of_name(what: str) -> bool:
    """Whether a complaint is about a secret that only its place tells, so that `mask` does not know its form."""
    return what.startswith(f"{_COMPLAINT}{_BY_NAME}")


def mask(text: str) -> str:
    """Hide the secret part of each secret behind as many dots, so that lines, and marks below them, still fit.

    This hides what `find` knows, and the values that stand behind the names of secrets, as in `password: …`.
    """
    spans = [(found.start, found.end) for found in find_all(text)]
    spans += [match.span("secret") for match in _SET_OFF.finditer(text)]
    spans += [match.span(match.lastgroup or 0) for match in _NAMED.finditer(text)]
    if not spans:
        return text
    parts, done = [], 0
    for start, end in sorted(spans):
        parts += [text[done:start], cover(text[max(start, done) : end])]
        done = max(done, end)
    return "".join([*parts, text[done:]])


def cover(secret: str) -> str:
    """Put a dot in the place of every character, but keep the ends and the indents of lines."""
    return re.sub(r"\S|(?<=\S)[ \t](?=\S)", DOT, secret)
