"""Use apt as this system has it set up, with a state of our own: nothing of the system's is changed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from watchbill.errors import ToolError
from watchbill.tools.sources import Source, debian_mirror, read_sources

NEEDED = ("apt-get", "apt-config", "dpkg-deb")

# Read after the system's configuration, whose proxies and credentials so stay in force. The hooks
# would act on the system's caches, and a default release of the system's is none of our suites.
CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Default-Release;
APT::Get::AllowUnauthenticated "false";
APT::Update::Error-Mode "any";
// Root would hand the download to the user _apt, who may not be allowed into the checkout.
APT::Sandbox::User "root";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::GzipIndexes "false";
Acquire::Retries "3";
Dir::State "{state}";
Dir::State::lists "lists";
Dir::State::status "{state}/status";
Dir::Cache "{state}/cache";
Dir::Etc::sourcelist "{state}/none.list";
Dir::Etc::sourceparts "{state}/sources";
Dir::Etc::preferences "{state}/none";
Dir::Etc::preferencesparts "{state}/none.d";
"""


class FetchError(ToolError):
    """Why nothing can be fetched, without the advice, which depends on what somebody needs."""


@dataclass(frozen=True, slots=True)
class Apt:
    """Debian's mirror and key as the system knows them, and the architecture to fetch for."""

    mirror: Source
    architecture: str


def apt_of_this_system() -> Apt:
    """Learn from apt's own configuration which mirror, which key and which architecture to use.

    Raises FetchError where there is no apt or no mirror of Debian's.
    """
    absent = [command for command in NEEDED if shutil.which(command) is None]
    if absent:
        named = " and ".join(filter(None, (", ".join(absent[:-1]), absent[-1])))
        raise FetchError(f"Prometheus and Alertmanager cannot be fetched without {named}")
    asked = "LIST Dir::Etc::sourcelist/f PARTS Dir::Etc::sourceparts/d ARCHITECTURE APT::Architecture"
    answer = _run(["apt-config", "shell", *asked.split()], what="reading apt's configuration")
    settings = dict(word.partition("=")[::2] for word in shlex.split(answer))
    mirror = debian_mirror(read_sources(Path(settings["LIST"]), Path(settings["PARTS"])))
    if mirror is None:
        raise FetchError("apt's sources name no mirror of Debian to fetch Prometheus and Alertmanager from")
    return Apt(mirror, settings["ARCHITECTURE"])


def download(apt: Apt, *, suite: str, packages: Sequence[str], scratch: Path) -> Path:
    """Download packages of a suite, check their signatures, and unpack them below `scratch`.

    Installs nothing, resolves no dependencies. Returns the folder that stands for `/`. Raises FetchError
    with apt's own words when it refuses.
    """
    state, debs, unpacked = scratch / "apt", scratch / "debs", scratch / "unpacked"
    for folder in (state / "lists" / "partial", state / "cache" / "archives" / "partial", state / "sources"):
        folder.mkdir(parents=True)
    debs.mkdir()
    (state / "status").touch()
    (state / "apt.conf").write_text(CONFIGURATION.format(state=state), encoding="utf-8")
    list_file = state / "sources" / "debian.sources"
    list_file.touch(mode=0o600)  # the mirror's URL may hold a password
    list_file.write_text(source_paragraph(apt, suite), encoding="utf-8")
    apt_get = ["apt-get", "-q", "-c", str(state / "apt.conf")]
    _run([*apt_get, "update"], what=f"reading the package list of Debian {suite}")
    _run([*apt_get, "download", *packages], what=f"downloading from Debian {suite}", folder=debs)
    for deb in sorted(debs.glob("*.deb")):
        _run(["dpkg-deb", "-x", str(deb), str(unpacked)], what=f"unpacking {deb.name}")
    return unpacked


def source_paragraph(apt: Apt, suite: str) -> str:
    """Write the one source of our private state: packages of `suite`, signed as the system demands."""
    lines = [
        "Types: deb",
        f"URIs: {apt.mirror.uri}",
        f"Suites: {suite}",
        "Components: main",
        f"Architectures: {apt.architecture}",
        "Targets: Packages",
    ]
    if apt.mirror.signed_by is not None:
        lines.append(f"Signed-By: {apt.mirror.signed_by}")
    return "\n".join(lines) + "\n"


def _run(command: Sequence[str], *, what: str, folder: Path | None = None) -> str:
    """Run a command in English and without questions; return what it printed."""
    answer = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    if answer.returncode == 0:
        return answer.stdout
    said = [line for line in answer.stderr.splitlines() if line.startswith(("E:", "W:", "Err:", "dpkg-deb: error"))]
    words = "; ".join(said[:3]) or answer.stderr.strip()[-300:] or f"exit code {answer.returncode}"
    raise FetchError(f"{what} failed ({words})")
