"""`compose.yaml` against the Compose specification, the servers' own checks, and what stands in the tree.

Docker is not asked, since it cannot be had wherever tests run: what a container does at its start is done here, with
its paths mapped to the checkout and to a folder of the test's.
"""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchbill.audit.secret_references import read_references
from watchbill.stack.loopback import free_port, is_ready, running
from watchbill.stack.running import FOR_GRACE, OUTAGE_TOLERANCE
from watchbill.tools import generation
from watchbill.tools.generations import RECIPES
from watchbill.tools.version import Version
from watchbill.verify import amtool

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CHECKOUT = "/watchbill"
WRITTEN = ("/tmp/", "/var/lib/", "/prometheus")  # noqa: S108 (a container's)
PORTS = {"prometheus": 9090, "alertmanager": 9093, "grafana": 3000}
PLATFORM = yaml.safe_load((ROOT / "specs/platform.yaml").read_text())


def schema_check(file: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "check-jsonschema"
    return run([str(program), "--builtin-schema", "vendor.compose-spec", str(file)])


def started(service: str, *, checkout: Path, place: Path, programs: Mapping[str, Path]) -> list[str]:
    """Give what a container runs at its start, with `$$` read as Compose does and every path mapped."""
    paths = {CHECKOUT: str(checkout), **{path: f"{place}{path}" for path in WRITTEN}}
    for path in paths.values():
        if path.startswith(str(place)):
            Path(path).mkdir(parents=True, exist_ok=True)
    paths |= {f"exec {name} ": f"exec {program} " for name, program in programs.items()}
    command = [*SERVICES[service].get("entrypoint", []), *SERVICES[service].get("command", [])]
    return [_mapped(argument.replace("$$", "$"), paths) for argument in command]


def _mapped(argument: str, paths: Mapping[str, str]) -> str:
    if argument == "/bin/sh":
        return argument
    either = "|".join(map(re.escape, sorted(paths, key=len, reverse=True)))
    # "--storage.tsdb.path=/prometheus" is a path, "/watchbill/out/prometheus/…" and "http://prometheus" hold none
    return re.sub(rf"(?<![\w./])(?:{either})", lambda match: paths[match[0]], argument)


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def flags(service: str) -> dict[str, str]:
    return dict(flag.split("=", 1) for flag in SERVICES[service]["command"])


def test_it_is_a_file_of_the_compose_specification(tmp_path: Path) -> None:
    result = schema_check(ROOT / "compose.yaml")
    assert result.returncode == 0, result.stdout
    (broken := tmp_path / "compose.yaml").write_text(TEXT.replace("    ports:", "    prots:", 1))
    assert "prots" in schema_check(broken).stdout


def test_it_runs_the_newest_generation_and_the_grafana_that_dashboards_are_written_for() -> None:
    tags = {name: service["image"].partition(":")[2] for name, service in SERVICES.items()}
    for name in ("prometheus", "alertmanager"):
        version = Version(*(int(part) for part in tags[name].removeprefix("v").split(".")))
        assert RECIPES["newest"].admits(name, version), tags[name]
    assert re.fullmatch(r"12\.\d+\.\d+", tags["grafana"])


def test_only_this_machine_reaches_it_and_every_server_says_how_it_is() -> None:
    assert set(SERVICES) == set(PORTS)
    for name, service in SERVICES.items():
        assert service["ports"] == [f"127.0.0.1:{PORTS[name]}:{PORTS[name]}"]
        assert f"http://127.0.0.1:{PORTS[name]}" in " ".join(service["healthcheck"]["test"])


def test_the_checkout_is_mounted_and_nothing_that_is_exchanged() -> None:
    for name, service in SERVICES.items():
        binds = [mount for mount in service["volumes"] if isinstance(mount, dict)]
        assert {"type": "bind", "source": ".", "target": CHECKOUT, "read_only": True} in binds
        assert all(mount["read_only"] for mount in binds)
        assert not [mount for mount in service["volumes"] if "out" in str(mount).split("/")]
        named = [mount.partition(":")[0] for mount in service["volumes"] if isinstance(mount, str)]
        assert named == [name]
    assert set(COMPOSE["volumes"]) == set(SERVICES)


def test_every_path_in_the_checkout_leads_somewhere() -> None:
    paths = set(re.findall(rf"{CHECKOUT}(/[\w./-]+)", TEXT))
    assert len(paths) >= 5
    assert [path for path in paths if not (ROOT / path.strip("/")).exists()] == []


def copy_of_prometheus(checkout: Path, place: Path) -> tuple[str, dict[str, Any]]:
    """Make the copy of the configuration, and let promtool, which is started in the server's stead, check it."""
    promtool = generation("newest").promtool
    command = started("prometheus", checkout=checkout, place=place, programs={"prometheus": promtool})
    made = place / "tmp/prometheus.yml"
    at = command.index("prometheus")
    checked = run([*command[: at + 1], "check", "config", str(made)])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return checked.stdout, yaml.safe_load(made.read_text())


def test_promtool_accepts_the_copy_of_the_configuration_in_which_only_addresses_differ(tmp_path: Path) -> None:
    said, made = copy_of_prometheus(ROOT, tmp_path)
    rules = list((ROOT / "out/prometheus/rules").glob("*.rules.yml"))
    assert f"SUCCESS: {len(rules)} rule files found" in said
    shipped = yaml.safe_load((ROOT / "out/prometheus/prometheus.yml").read_text())
    shipped["rule_files"] = [f"{ROOT}/out/prometheus/rules/*.rules.yml"]
    shipped["alerting"]["alertmanagers"] = [
        {"scheme": "http", "static_configs": [{"targets": [f"alertmanager:{PORTS['alertmanager']}"]}]}
    ]
    (own,) = (job for job in shipped["scrape_configs"] if job["job_name"] == "alertmanager")
    own["static_configs"][0]["targets"] = [f"alertmanager:{PORTS['alertmanager']}"]
    assert made == shipped


def test_no_alertmanager_of_the_specs_ever_hears_of_it_whatever_its_address(tmp_path: Path) -> None:
    checkout = small_checkout(tmp_path / "checkout")
    _, made = copy_of_prometheus(checkout, tmp_path)
    assert "path_prefix: /am" in (checkout / "out/prometheus/prometheus.yml").read_text()
    assert made["alerting"]["alertmanagers"] == [
        {"scheme": "http", "static_configs": [{"targets": ["alertmanager:9093"]}]}
    ]


def small_checkout(folder: Path) -> Path:
    """Make a checkout whose Prometheus scrapes and tells nobody, as tests contact loopback only."""
    (rules := folder / "out/prometheus/rules").mkdir(parents=True)
    (rules / "one.rules.yml").write_text("groups: [{name: one, rules: [{record: one, expr: vector(1)}]}]\n")
    shipped = (ROOT / "out/prometheus/prometheus.yml").read_text()
    assert "  - scheme: https\n" in shipped
    notified = shipped.partition("scrape_configs:")[0]
    notified = notified.replace("- scheme: https\n", "- scheme: https\n    path_prefix: /am\n")
    (folder / "out/prometheus/prometheus.yml").write_text(f"{notified}scrape_configs: []\n")
    return folder


@contextmanager
def served(name: str, command: list[str], program: Path, folder: Path) -> Iterator[str]:
    port = free_port()
    arguments = [*command, f"--web.listen-address=127.0.0.1:{port}", "--web.route-prefix=/"]
    url = f"http://127.0.0.1:{port}"
    first = Path(arguments[0])
    with running(first, arguments[1:], log=folder / f"{name}.log", folder=program.parent, ready=lambda: is_ready(url)):
        yield url


def test_prometheus_starts_with_these_flags_and_is_found_healthy(tmp_path: Path) -> None:
    newest = generation("newest")
    checkout = small_checkout(tmp_path / "checkout")
    programs = {"prometheus": newest.prometheus}
    command = started("prometheus", checkout=checkout, place=tmp_path, programs=programs)
    with served("prometheus", command, newest.prometheus, tmp_path) as url:
        asked = [argument.replace("http://127.0.0.1:9090", url) for argument in health("prometheus")]
        assert asked[0] == "promtool"
        assert run([str(newest.promtool), *asked[1:]]).returncode == 0
        with urllib.request.urlopen(f"{url}/api/v1/status/flags") as answer:
            known = yaml.safe_load(answer.read())["data"]
    assert known["storage.tsdb.retention.time"] in (PLATFORM["defaults"]["retention"], "5w")
    assert run([str(newest.promtool), *asked[1:]]).returncode != 0


def health(service: str) -> list[str]:
    test: list[str] = SERVICES[service]["healthcheck"]["test"]
    kind, *command = test
    assert kind == "CMD"
    return command


def test_prometheus_keeps_what_the_platform_says_and_waits_as_the_drill_does() -> None:
    notified = flags("prometheus")
    assert notified["--storage.tsdb.retention.time"] == PLATFORM["defaults"]["retention"]
    assert notified["--rules.alert.for-grace-period"] == str(FOR_GRACE)
    assert notified["--rules.alert.for-outage-tolerance"] == str(OUTAGE_TOLERANCE)


def test_alertmanager_starts_with_these_flags_and_the_compiled_routes_and_is_found_healthy(tmp_path: Path) -> None:
    newest = generation("newest")
    command = started("alertmanager", checkout=ROOT, place=tmp_path, programs={})
    storage = f"--storage.path={tmp_path}"
    command = [storage if argument.startswith("--storage.path=") else argument for argument in command]
    config = Path(flags("alertmanager")["--config.file"].replace(CHECKOUT, str(ROOT)))
    assert amtool.check(newest.amtool, config) == ""
    with served("alertmanager", [str(newest.alertmanager), *command], newest.alertmanager, tmp_path) as url:
        (asked,) = (part for part in health("alertmanager") if part.startswith("http"))
        with urllib.request.urlopen(asked.replace("http://127.0.0.1:9093", url)) as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{url}/api/v2/status") as answer:
            running_config = yaml.safe_load(answer.read())["config"]["original"]
    assert "backend/pagerduty+slack+email" in running_config


def test_every_secret_file_lies_in_the_folder_that_must_be_named() -> None:
    (secrets,) = (m for m in SERVICES["alertmanager"]["volumes"] if isinstance(m, dict) and m["source"] != ".")
    assert secrets["target"] == PLATFORM["delivery"]["secrets"]
    assert secrets["source"].startswith("${WATCHBILL_SECRETS:?")
    assert secrets["bind"] == {"create_host_path": False}
    named = read_references((ROOT / "out/alertmanager/alertmanager.yml").read_text())
    assert len(named) > 5
    assert {str(Path(entry.path).parent) for entry in named} == {secrets["target"]}


def test_the_readme_makes_a_placeholder_for_every_secret_file(tmp_path: Path) -> None:
    readme = (ROOT / "docs/operations.md").read_text()
    (script,) = re.findall(
        r"^```sh\n(mkdir -p \.\./watchbill-secrets\n.*?)^WATCHBILL_SECRETS=", readme, re.MULTILINE | re.DOTALL
    )
    (checkout := tmp_path / "checkout").mkdir()
    (checkout / "out").symlink_to(ROOT / "out")
    subprocess.run(["/bin/sh", "-euc", script], cwd=checkout, check=True)
    named = read_references((ROOT / "out/alertmanager/alertmanager.yml").read_text())
    assert names(tmp_path / "watchbill-secrets") == sorted({Path(entry.path).name for entry in named})


def grafana(checkout: Path, place: Path) -> None:
    command = started("grafana", checkout=checkout, place=place, programs={"/run.sh": Path("/bin/true")})
    result = run(command)
    assert (result.returncode, result.stderr) == (0, "")


def test_grafana_finds_its_provisioning_and_only_the_addresses_of_sources_differ(tmp_path: Path) -> None:
    for _ in range(2):  # a container that is started again has made everything before
        grafana(ROOT, tmp_path)
    provisioning = Path(f"{tmp_path}{SERVICES['grafana']['environment']['GF_PATHS_PROVISIONING']}")
    shipped = ROOT / "out/grafana/provisioning"
    assert names(provisioning) == names(shipped)
    assert (provisioning / "dashboards/watchbill.yml").read_text() == (shipped / "dashboards/watchbill.yml").read_text()
    made = yaml.safe_load((provisioning / "datasources/watchbill.yml").read_text())
    wanted = yaml.safe_load((shipped / "datasources/watchbill.yml").read_text())
    for source in wanted["datasources"]:
        source["url"] = f"http://{source['type']}:{PORTS[source['type']]}"
    assert made == wanted


def test_grafana_finds_the_dashboards_of_today_where_provisioning_says(tmp_path: Path) -> None:
    (old := tmp_path / "checkout/out").mkdir(parents=True)
    (old / "grafana").symlink_to(ROOT / "out/grafana")
    grafana(tmp_path / "checkout", tmp_path)
    (provider,) = yaml.safe_load((ROOT / "out/grafana/provisioning/dashboards/watchbill.yml").read_text())["providers"]
    found = Path(f"{tmp_path}{provider['options']['path']}")
    assert names(found) == names(ROOT / "out/grafana/dashboards")
    old.rename(tmp_path / "old")
    (tmp_path / "checkout/out/grafana/dashboards").mkdir(parents=True)
    (tmp_path / "checkout/out/grafana/dashboards/new.json").touch()
    assert names(found) == ["new.json"]


@pytest.mark.parametrize("service", SERVICES)
def test_compose_itself_replaces_nothing_but_the_folder_of_secrets(service: str) -> None:
    asked = re.findall(r"(?<!\$)\$\{?\w+", str(SERVICES[service]))
    assert asked == (["${WATCHBILL_SECRETS"] if service == "alertmanager" else [])
