"""The oldest and the newest generation of tools: which versions they hold, and whether they are here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from watchbill.errors import ToolError
from watchbill.tools.place import tools_folder
from watchbill.tools.relocate import NEEDED_TEMPLATE
from watchbill.tools.version import Tool, Version, ask_version

MARKER = "generation.json"
PROGRAMS = ("promtool", "prometheus", "amtool", "alertmanager")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a generation must hold, and the Debian suite that has it.

    An `exact` generation is of that release series, any other of that version or a newer one.
    """

    name: str
    suite: str
    packages: tuple[str, ...]
    prometheus: Version
    alertmanager: Version
    exact: bool

    def wants(self, program: str) -> Version:
        """Return the version that a program of this generation needs."""
        return self.prometheus if program in {"promtool", "prometheus"} else self.alertmanager

    def admits(self, program: str, version: Version) -> bool:
        """Say whether a program of this version belongs to this generation."""
        wanted = self.wants(program)
        return version.series == wanted.series if self.exact else version >= wanted

    def phrase(self) -> str:
        """Say in words what this generation holds."""
        more = "" if self.exact else " or newer"
        return f"Prometheus {self.prometheus.series}{more} and Alertmanager {self.alertmanager.series}{more}"


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="oldest",
            suite="bookworm",
            packages=("prometheus", "prometheus-alertmanager"),
            prometheus=Version(2, 42),
            alertmanager=Version(0, 25),
            exact=True,
        ),
        Recipe(
            name="newest",
            suite="sid",
            packages=("prometheus", "promtool", "prometheus-alertmanager"),
            prometheus=Version(3, 5),
            alertmanager=Version(0, 33),
            exact=False,
        ),
    )
}
GENERATIONS = tuple(RECIPES)


@dataclass(frozen=True, slots=True)
class Generation:
    """The four programs of one generation, by path.

    Alertmanager finds its templates in the folder that it lies in, and only if that is its working directory.
    """

    name: str
    promtool: Path
    prometheus: Path
    amtool: Path
    alertmanager: Path
    prometheus_version: Version
    alertmanager_version: Version

    def tools(self) -> tuple[Tool, ...]:
        """List the four programs in the order of PROGRAMS."""
        prometheus, alertmanager = self.prometheus_version, self.alertmanager_version
        return (
            Tool("promtool", prometheus, self.promtool, self.name),
            Tool("prometheus", prometheus, self.prometheus, self.name),
            Tool("amtool", alertmanager, self.amtool, self.name),
            Tool("alertmanager", alertmanager, self.alertmanager, self.name),
        )


def generation(name: str, *, root: Path | None = None) -> Generation:
    """Return the generation `oldest` or `newest` that lies under `root`; PATH does not count.

    Raises ToolError where it is missing, incomplete, or of another version.
    """
    recipe = RECIPES[name]
    try:
        return _load(recipe, tools_folder(root) / name)
    except ToolError as fault:
        advice = f'run "make tools" or "watchbill tools" to fetch {recipe.phrase()}'
        raise ToolError(f"{fault}; {advice}") from fault


def present(name: str, *, root: Path | None = None) -> Generation | None:
    """Return a generation where it is complete and of the right version, else None."""
    try:
        return _load(RECIPES[name], tools_folder(root) / name)
    except ToolError:
        return None


def fault_of(name: str, *, root: Path | None = None) -> str | None:
    """Say why a generation that somebody put here does not count, or None where it does or there is none."""
    folder = tools_folder(root) / name
    if not folder.is_dir():
        return None
    try:
        _load(RECIPES[name], folder)
    except ToolError as fault:
        return str(fault)
    return None


def seal(recipe: Recipe, folder: Path) -> Generation:
    """Run the four programs in `folder`, check their versions, and note them down beside them.

    Raises ToolError when one is missing, does not run here, or is of another version.
    """
    versions = {program: ask_version(program, folder / program) for program in PROGRAMS}
    for program, version in versions.items():
        if not recipe.admits(program, version):
            raise ToolError(f"Debian {recipe.suite} has {program} {version}, but {recipe.phrase()} is needed")
    marked = {
        program: {"version": str(version), "bytes": (folder / program).stat().st_size}
        for program, version in versions.items()
    }
    (folder / MARKER).write_text(json.dumps(marked, indent=2) + "\n", encoding="utf-8")
    return _describe(recipe, folder, versions)


def _load(recipe: Recipe, folder: Path) -> Generation:
    missing = [program for program in PROGRAMS if not (folder / program).is_file()]
    if missing:
        raise ToolError(f"the {recipe.name} generation of tools has no {', '.join(missing)} in {folder}")
    versions = _noted_versions(folder)
    if versions is None:
        versions = {program: ask_version(program, folder / program) for program in PROGRAMS}
    elif not (folder / NEEDED_TEMPLATE).is_file():
        # Fetched before we took it along. Binaries that somebody unpacked by hand may have their templates inside.
        raise ToolError(f"{folder} lacks {NEEDED_TEMPLATE}, without which its alertmanager does not start")
    for program, version in versions.items():
        if not recipe.admits(program, version):
            more = "" if recipe.exact else " or newer"
            raise ToolError(f"{folder} holds {program} {version}, and {recipe.wants(program).series}{more} is needed")
    return _describe(recipe, folder, versions)


def _noted_versions(folder: Path) -> dict[str, Version] | None:
    """Read the versions that were noted at the fetch, or None where no note fits these programs.

    So binaries that someone unpacked by hand count as well.
    """
    try:
        marked = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        if all(marked[program]["bytes"] == (folder / program).stat().st_size for program in PROGRAMS):
            return {
                program: Version(*(int(part) for part in marked[program]["version"].split("."))) for program in PROGRAMS
            }
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _describe(recipe: Recipe, folder: Path, versions: dict[str, Version]) -> Generation:
    return Generation(
        name=recipe.name,
        prometheus_version=versions["prometheus"],
        alertmanager_version=versions["alertmanager"],
        promtool=folder / "promtool",
        prometheus=folder / "prometheus",
        amtool=folder / "amtool",
        alertmanager=folder / "alertmanager",
    )
