"""Hold the secret files that an Alertmanager configuration names against the machine that it runs on.

`amtool check-config` passes although a secret file is missing, and every page then fails. What Alertmanager makes of
a file was measured on 0.25 and 0.33, with receivers on loopback: see `check`, `_check_content` and `_keeps_more`.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from watchbill.audit.secret_references import HTTP, Kind, Reference, read_references
from watchbill.errors import DiagnosticLevel, UsageError
from watchbill.plaintext import mask
from watchbill.source.scalars import visible

CONFIG = "alertmanager/alertmanager.yml"
MOST_BYTES = 1 << 20
COLUMNS = ("file", "needed by", "state")

_URL = re.compile(r"https?://[^\s/]+\S*")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file, by its code; an error where a message would be lost."""

    code: str
    what: str
    todo: str
    level: DiagnosticLevel = DiagnosticLevel.ERROR


@dataclass(frozen=True, slots=True)
class SecretCheck:
    """A reference, and what is wrong with its file."""

    reference: Reference
    problems: tuple[Problem, ...]

    @property
    def failed(self) -> bool:
        """Whether Alertmanager could not use the file."""
        return any(problem.level is DiagnosticLevel.ERROR for problem in self.problems)


def audit_secrets(out: Path) -> tuple[SecretCheck, ...]:
    """Check every file that the compiled configuration names, as the present user.

    Raises `UsageError` where there is no configuration to read, `RefusedError` where it is not one.
    """
    path = out / CONFIG
    try:
        mode, content = _read(path)
        reason = None if stat.S_ISREG(mode) else f"{_form(mode)}, not a regular file"
    except OSError as error:
        content, reason = b"", error.strerror
    if reason is not None:
        todo = 'run "watchbill generate", or name the compiled tree by --out'
        raise UsageError(f'"{visible(str(path))}" cannot be read ({reason}); {todo}')
    references = read_references(content.decode("utf-8", errors="replace"))
    return tuple(check(reference, folder=path.parent) for reference in references)


def check(reference: Reference, *, folder: Path) -> SecretCheck:
    """Look at a file as Alertmanager will; links are followed, as it does.

    `folder` is where the configuration lies. Both generations look there for the files of an http_config alone, and
    for those of Slack where they were started.
    """
    path = Path(reference.path)
    if not path.is_absolute() and reference.integration != HTTP:
        what = "a relative path, which starts wherever Alertmanager was started"
        return SecretCheck(reference, (Problem("secret/relative-path", what, "write an absolute path"),))
    return SecretCheck(reference, tuple(_check_file(reference, folder / path)))


def _read(path: Path, *, most_bytes: int = -1) -> tuple[int, bytes]:
    """Read a file's mode, and its first bytes where it is a regular one; no other is opened, since a pipe would block.

    Raises `OSError`, or `ValueError` for what is no path.
    """
    mode = os.stat(path).st_mode  # noqa: PTH116 - named beside os.open below
    if not stat.S_ISREG(mode):
        return mode, b""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        return mode, file.read(most_bytes)


def _check_file(reference: Reference, path: Path) -> Iterator[Problem]:
    try:
        mode, content = _read(path, most_bytes=MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        yield _unreadable(path, error)
        return
    if not stat.S_ISREG(mode):
        what = f"{_form(mode)}, not a regular file"
        yield Problem("secret/not-a-file", what, "put a file there that holds the secret alone")
        return
    yield from _check_content(reference, content)
    if reference.kind is not Kind.CERTIFICATE and mode & stat.S_IROTH:
        todo = 'let only Alertmanager\'s user read it: "chmod 0400", and its owner'
        what = "everybody on this machine may read it"
        yield Problem("secret/readable-by-all", what, todo, DiagnosticLevel.WARNING)


def _unreadable(path: Path, error: OSError | ValueError) -> Problem:
    if isinstance(error, FileNotFoundError):
        what = "a link to nothing" if path.is_symlink() else "missing"
        return Problem("secret/missing", what, "put the secret there")
    reason = error.strerror if isinstance(error, OSError) else "the path is not one"
    todo = "correct the path, or the permissions of the file and its folders"
    return Problem("secret/unreadable", f"not readable ({reason})", todo)


def _form(mode: int) -> str:
    forms = {stat.S_ISDIR: "a folder", stat.S_ISSOCK: "a socket", stat.S_ISFIFO: "a pipe"}
    return next((form for has, form in forms.items() if has(mode)), "a device")


def _check_content(reference: Reference, content: bytes) -> Iterator[Problem]:
    """Check what a file holds; no message quotes it.

    A byte order mark becomes a part of the secret on both generations, and of an empty file nothing but the
    word "Bearer" is sent.
    """
    text = content.decode(errors="replace")
    secret = text.strip()
    if len(content) > MOST_BYTES:
        yield Problem("secret/too-large", "larger than 1 MiB", "put the secret alone into it")
    elif not secret:
        yield Problem("secret/empty", "empty", "put the secret there")
    elif "\ufffd" in text or text.startswith("\ufeff"):
        what = "begins with a byte order mark" if text.startswith("\ufeff") else "not UTF-8 text"
        yield Problem("secret/not-utf-8", what, "save it as UTF-8 without a byte order mark")
    elif _keeps_more(reference, text):
        what = "a blank or line break stands around the secret, and Alertmanager 0.25 takes it for a part of it"
        yield Problem("secret/surrounding-blanks", what, "write the file without it, as by printf '%s'")
    elif reference.kind is Kind.URL and _URL.fullmatch(secret) is None:
        yield Problem("secret/wrong-form", f"not {Kind.URL}", "put the webhook's URL alone into it")
    elif reference.form is not None and not reference.form.fits(secret):
        yield Problem("secret/wrong-form", f"not {reference.form.what}", reference.form.todo)


def _keeps_more(reference: Reference, text: str) -> bool:
    """Whether Alertmanager 0.25 sends what stands around the secret as a part of it.

    It does so with the password of SMTP, so that no mail leaves, and with the key of OpsGenie, which it cannot send
    with a line break; blanks behind that one are lost on the way. Files of Slack, PagerDuty, VictorOps, basic auth
    and bearer credentials are trimmed; and 0.33 trims all.
    """
    if reference.kind is not Kind.SECRET:
        return False
    if reference.integration == "opsgenie":
        text = text.rstrip(" \t")
    return reference.integration in {"email", "opsgenie"} and text != text.strip()


def table(secret_checks: Iterable[SecretCheck], *, user: str) -> str:
    """Lay verdicts out in aligned columns under a heading, one line for each thing that is wrong with a file."""
    rows = [COLUMNS]
    for secret_check in secret_checks:
        reference = secret_check.reference
        states = [_state(problem) for problem in secret_check.problems] or ["readable"]
        first = (_shown(reference.path), ", ".join(map(_shown, reference.needed_by)), states[0])
        rows += [first, *(("", "", state) for state in states[1:])]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}" for row in rows]
    if len(rows) == 1:
        lines = ["the configuration names no secret file"]
    return "\n".join([*lines, f"checked as the user {_shown(user)}; run this as the user that runs Alertmanager"])


def as_json(secret_checks: Iterable[SecretCheck], *, user: str) -> dict[str, object]:
    """Turn verdicts into plain values, for programs; as in `table`, what does not print is written out."""
    files = [
        {
            "file": _shown(secret_check.reference.path),
            "needed_by": [_shown(user) for user in secret_check.reference.needed_by],
            "usable": not secret_check.failed,
            "problems": [_problem_as_json(problem) for problem in secret_check.problems],
        }
        for secret_check in secret_checks
    ]
    return {"user": _shown(user), "files": files}


def _problem_as_json(problem: Problem) -> dict[str, str]:
    return {"level": problem.level.value, "code": problem.code, "what": problem.what, "todo": problem.todo}


def present_user() -> str:
    """Name the user that this process runs as, by number where the system has no name for it."""
    import pwd  # noqa: PLC0415 (only Unix has it)

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _state(problem: Problem) -> str:
    level = "warning: " if problem.level is DiagnosticLevel.WARNING else ""
    return f"{level}{problem.what}; {problem.todo} [{problem.code}]"


def _shown(text: str) -> str:
    return visible(mask(text))
