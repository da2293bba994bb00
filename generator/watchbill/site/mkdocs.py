"""Let MkDocs build the site, strictly: each of its warnings refuses it."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from watchbill.errors import ToolError
from watchbill.verify.external import run_tool

SECONDS = 300
# what a warning lists stands in the lines below it
_WARNING = re.compile(r"^(?:WARNING|ERROR) +-  (?P<text>.+(?:\n[ \t]+\S.*)*)$", re.MULTILINE)
_PAGE = re.compile(r"(?<=')[^'\n]+\.md(?=')|(?<=- )[^\s']+\.md$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Remark:
    """What MkDocs warns of, and the page that it names, if any."""

    text: str
    page: str = ""


def build(config: Path, into: Path) -> tuple[Remark, ...]:
    """Build a site into an empty folder; gives what is wrong with it, nothing if all is well.

    Raises `ToolError` where MkDocs is missing, or ends without saying why.
    """
    for module in ("mkdocs", "material"):
        if importlib.util.find_spec(module) is None:
            raise ToolError(f"the site needs {module}, which is not installed; run make, or install mkdocs-material")
    os.environ["NO_MKDOCS_2_WARNING"] = "1"  # or the theme fills each log with an advertisement
    result = run_tool(
        Path(sys.executable), ["-m", "watchbill.site.mkdocs_process", str(config), str(into)], seconds=SECONDS
    )
    said = f"{result.stdout}\n{result.stderr}"
    remarks = tuple(_remark(match["text"]) for match in _WARNING.finditer(said))
    if result.returncode and not remarks:
        raise ToolError(f"mkdocs ended with {result.returncode}: {said.strip()[-2000:]}")
    return remarks


def _remark(text: str) -> Remark:
    page = _PAGE.search(text)
    return Remark(" ".join(text.split()), page[0] if page else "")
