"""Let Debian's alertmanager run from a folder of ours: only an installed package has its templates in place."""

from __future__ import annotations

import shutil
from pathlib import Path

from watchbill.errors import ToolError

# Compiled into Debian's builds, where the project's own releases carry their templates inside.
INSTALLED = b"/usr/share/prometheus/alertmanager"
TEMPLATES = Path("share/prometheus/alertmanager")
# Opened at every start, whatever the configuration says.
NEEDED_TEMPLATE = TEMPLATES / "default.tmpl"


def relocate(unpacked: Path, folder: Path) -> None:
    """Take the templates of an unpacked package into `folder`, and have the alertmanager there look for them there.

    `unpacked` stands for `/`. The path in the binary becomes a relative one, so that the program starts wherever
    `folder` is moved to, if that is its working directory. Raises ToolError where the package is built otherwise.
    """
    source, target = unpacked / "usr" / TEMPLATES, folder / TEMPLATES
    target.mkdir(parents=True)
    for template in sorted(source.glob("*.tmpl")):
        shutil.copyfile(template, target / template.name)
    if not (folder / NEEDED_TEMPLATE).is_file():
        raise ToolError(f"Debian's package of alertmanager has no /usr/{NEEDED_TEMPLATE}; it is built in a new way")
    binary = folder / "alertmanager"
    built = binary.read_bytes()
    if INSTALLED not in built:
        raise ToolError(f"Debian's alertmanager does not name {INSTALLED.decode()}; it is built in a new way")
    # Of the same length, as nothing in a binary may move; slashes at the end of a folder's name mean nothing.
    binary.write_bytes(built.replace(INSTALLED, bytes(TEMPLATES).ljust(len(INSTALLED), b"/")))
