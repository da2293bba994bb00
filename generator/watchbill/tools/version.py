"""What a tool is, and which version it says it has."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from watchbill.errors import ToolError

ANSWER_SECONDS = 5


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A released version; a distribution's suffix (`+ds1`) and a candidate's (`-rc.1`) do not count."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def series(self) -> str:
        """Name the release series, as people say it: `2.42`."""
        return f"{self.major}.{self.minor}"


# promtool 2.42 is the first that knows keep_firing_for, amtool 0.25 the first with slack_api_url_file.
MINIMUM = {
    "promtool": Version(2, 42),
    "prometheus": Version(2, 42),
    "amtool": Version(0, 25),
    "alertmanager": Version(0, 25),
}


@dataclass(frozen=True, slots=True)
class Tool:
    """One program that can be run.

    `source` says how it was found: the name of a generation, `PATH`, or the setting that names it.
    """

    name: str
    version: Version
    path: Path
    source: str


def parse_version(name: str, text: str) -> Version | None:
    """Read the version from what `name --version` printed, or None where it names none."""
    found = re.search(rf"\b{re.escape(name)}, version v?(\d+)\.(\d+)(?:\.(\d+))?", text)
    if found is None:
        return None
    major, minor, patch = found.groups(default="0")
    return Version(int(major), int(minor), int(patch))


def ask_version(name: str, path: Path) -> Version:
    """Run `path --version` and return the version of the tool called `name`.

    Raises ToolError, with the tool's own first words, when it does not run or is another program.
    """
    try:
        answer = subprocess.run(
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{path} gives no version within {ANSWER_SECONDS} seconds") from error
    except OSError as error:
        raise ToolError(f"{path} does not run: {error.strerror or error}") from error
    # Which of the two streams has it depends on how the release set up its flag parser.
    text = (answer.stdout + answer.stderr).decode("utf-8", "replace")
    version = parse_version(name, text)
    if answer.returncode == 0 and version is not None:
        return version
    said = next((line.strip() for line in text.splitlines() if line.strip()), "nothing")
    raise ToolError(f'{path} is no working {name}: "--version" ended with {answer.returncode}, saying "{said}"')
