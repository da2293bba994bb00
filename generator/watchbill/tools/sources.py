"""Read apt's own lists of sources, to learn which Debian mirror this system trusts, and by which key.

Both notations of sources.list(5): one line per source, and deb822 paragraphs.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# A Debian archive itself, or the list of its mirrors that Debian's cloud images use.
MIRROR = re.compile(r"^[a-z0-9+]+:\S*/debian(?:/|\.list)?$")
ARCHIVE_KEYRING = "debian-archive"


@dataclass(frozen=True, slots=True)
class Source:
    """One enabled binary source.

    `signed_by` is what the list says: keyring files, fingerprints, or a whole key block; None where
    it says nothing and apt's common keyrings hold.
    """

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str | None


def debian_mirror(sources: Iterable[Source]) -> Source | None:
    """Choose the source of Debian's own releases, or None where there is none.

    A third party's archive may end in /debian as well; Debian's own key then decides.
    """
    candidates = [source for source in sources if _serves_releases(source)]
    return min(candidates, key=_doubt, default=None)


def read_sources(main_list: Path, parts: Path) -> tuple[Source, ...]:
    """Read `sources.list` and the folder of further lists, in apt's order; a missing one is empty."""
    files = [main_list, *(sorted(parts.iterdir()) if parts.is_dir() else ())]
    return tuple(source for file in files if file.is_file() for source in _read(file))


def parse_lines(text: str) -> Iterator[Source]:
    """Parse the notation of one line per source."""
    for line in text.splitlines():
        entry = line.partition("#")[0].strip()
        found = re.fullmatch(r"deb\s+(?:\[(?P<options>[^]]*)\]\s*)?(?P<uri>\S+)\s+(?P<rest>\S.*)", entry)
        if found is None:
            continue
        suite, *components = found["rest"].split()
        options = dict(option.partition("=")[::2] for option in shlex.split(found["options"] or ""))
        yield Source(found["uri"], (suite,), tuple(components), options.get("signed-by") or None)


def parse_deb822(text: str) -> Iterator[Source]:
    """Parse the notation of deb822 paragraphs."""
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for paragraph in re.split(r"\n[ \t]*\n", kept):
        fields = _fields(paragraph)
        enabled = fields.get("enabled", "yes").strip().casefold() not in {
            "no",
            "false",
            "0",
            "off",
            "without",
        }
        if not enabled or "deb" not in fields.get("types", "").split():
            continue
        for uri in fields.get("uris", "").split():
            yield Source(
                uri=uri,
                suites=tuple(fields.get("suites", "").split()),
                components=tuple(fields.get("components", "").split()),
                signed_by=fields.get("signed-by", "").strip() or None,
            )


def _read(file: Path) -> Iterator[Source]:
    parse = {".list": parse_lines, ".sources": parse_deb822}.get(file.suffix)
    return parse(file.read_text(encoding="utf-8", errors="replace")) if parse else iter(())


def _fields(paragraph: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in paragraph.splitlines():
        if line[:1].isspace():
            fields[name] = f"{fields.get(name, '')}\n{line}"
        else:
            name, _, value = line.partition(":")
            name = name.strip().casefold()
            fields[name] = value.strip()
    return fields


def _serves_releases(source: Source) -> bool:
    # Security, updates and backports are suites with a dash; Debian's releases are single words.
    releases = [suite for suite in source.suites if suite.isalpha()]
    return bool(releases) and "main" in source.components and MIRROR.match(source.uri) is not None


def _doubt(source: Source) -> int:
    if source.signed_by is None:
        return 1
    return 0 if ARCHIVE_KEYRING in source.signed_by else 2
