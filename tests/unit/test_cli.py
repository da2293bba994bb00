from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WATCHBILL = Path(sys.executable).parent / "watchbill"
HEAVY = ("yaml", "pydantic", "promql_parser", "jinja2", "prometheus_client", "difflib", "watchbill.console.diagnostics")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy what a user has: specs and prose, what they compile to, and the tools."""
    for name in ("specs", "runbooks", "adr", "out"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / ".tools").symlink_to(ROOT / ".tools")
    return tmp_path


def watchbill(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}
    result = subprocess.run(
        [WATCHBILL, *arguments], cwd=folder, capture_output=True, text=True, check=False, env=inherited | environment
    )
    assert "Traceback" not in result.stderr
    return result


def break_spec(checkout: Path) -> None:
    path = checkout / "specs/services/core-api.yaml"
    path.write_text(path.read_text().replace("team: backend", "team: backnd"))


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['watchbill', '--help']\n"
        "from watchbill.cli import main\n"
        "try: main()\n"
        f"finally: print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_every_file_of_commands_is_a_command_with_a_line_of_help() -> None:
    files = sorted(path.stem for path in (ROOT / "generator/watchbill/commands").glob("[!_]*.py"))
    listed = subprocess.run([WATCHBILL, "--help"], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  (\w+) +\w", listed.partition("Commands:\n")[2], re.MULTILINE) == files


def test_a_command_imports_no_other_command() -> None:
    code = (
        "import sys; sys.argv = ['watchbill', 'schema', 'pack']\n"
        "from watchbill.cli import main\n"
        "try: main()\n"
        "finally: print([name for name in sys.modules if name.startswith('watchbill.commands.')])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "['watchbill.commands.schema']"


def test_proofs_import_nothing_of_pages_and_dashboards() -> None:
    code = (
        "import sys; from watchbill.compilation import compile_rules; from watchbill.proof import report, run\n"
        "print([name for name in ('jinja2', 'grafanalib', 'watchbill.prose', 'watchbill.outputs.docs',"
        " 'watchbill.pipeline', 'watchbill.proof.mutants') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_generate_twice_changes_nothing(checkout: Path) -> None:
    before = snapshot(checkout / "out")
    result = watchbill(checkout, "generate")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith("accepted by promtool and amtool; nothing changed\n")
    assert snapshot(checkout / "out") == before


def test_generate_makes_a_missing_out_like_the_committed_one(checkout: Path) -> None:
    before = snapshot(checkout / "out")
    shutil.rmtree(checkout / "out")
    assert watchbill(checkout, "generate").returncode == 0
    assert snapshot(checkout / "out") == before


def test_generate_prunes_what_no_spec_makes(checkout: Path) -> None:
    stray = checkout / "out/prometheus/rules/gone.rules.yml"
    stray.write_text("groups: []\n")
    assert "1 removed" in watchbill(checkout, "generate").stdout
    assert not stray.exists()


def test_fault_ends_with_1_names_its_line_and_leaves_out_alone(checkout: Path) -> None:
    before = snapshot(checkout / "out")
    break_spec(checkout)
    result = watchbill(checkout, "generate")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (
        'specs/services/core-api.yaml:4:7: team "backnd" is unknown; use "backend" [team/unknown]\n1 error\n'
    )
    assert snapshot(checkout / "out") == before


def test_fault_in_a_github_action_is_an_annotation(checkout: Path) -> None:
    break_spec(checkout)
    result = watchbill(checkout, "check", GITHUB_ACTIONS="true")
    assert result.stdout.startswith("::error file=specs/services/core-api.yaml,line=4,endLine=4,col=7,")


def test_fault_for_a_script_is_one_object_on_standard_output(checkout: Path) -> None:
    break_spec(checkout)
    result = watchbill(checkout, "generate", "--format", "json")
    assert result.returncode == 1
    (diagnostic,) = json.loads(result.stdout)["diagnostics"]
    assert (diagnostic["line"], diagnostic["column"], diagnostic["todo"]) == (4, 7, 'use "backend"')


def test_what_promtool_refuses_is_reported_at_the_spec_and_not_published(checkout: Path) -> None:
    before = snapshot(checkout / "out")
    refuses = checkout / "promtool"
    refuses.write_text(
        "#!/bin/sh\n"
        'test "$1" = --version && { echo "promtool, version 2.42.0"; exit; }\n'
        'test "$1 $2" = "check rules" && '
        '{ echo \'x.yml: 5:9: group "core-api-circuit-breaker", rule 2, "CircuitBreakerOpen": wrong\' >&2; exit 1; }\n'
    )
    refuses.chmod(0o755)
    result = watchbill(checkout, "generate", WATCHBILL_PROMTOOL=str(refuses))
    assert result.returncode == 1
    assert 'promtool refuses "core-api/CircuitBreakerOpen"' in result.stderr
    assert result.stderr.startswith("specs/services/core-api.yaml:")
    assert snapshot(checkout / "out") == before


def test_what_amtool_refuses_is_reported_and_not_published(checkout: Path) -> None:
    before = snapshot(checkout / "out")
    refuses = checkout / "amtool"
    refuses.write_text(
        "#!/bin/sh\n"
        'test "$1" = --version && { echo "amtool, version 0.25.0"; exit; }\n'
        'echo "amtool: error: failed to validate 1 file(s)" >&2; exit 1\n'
    )
    refuses.chmod(0o755)
    result = watchbill(checkout, "generate", WATCHBILL_AMTOOL=str(refuses))
    assert result.returncode == 1
    assert result.stderr.startswith("specs/platform.yaml:")
    assert "amtool refuses the routing: failed to validate 1 file(s)" in result.stderr
    assert snapshot(checkout / "out") == before


def test_a_missing_tool_ends_with_3_and_says_what_to_do(checkout: Path) -> None:
    result = watchbill(checkout, "generate", WATCHBILL_PROMTOOL="/nowhere/promtool")
    assert result.returncode == 3
    assert "WATCHBILL_PROMTOOL" in result.stderr


def test_check_passes_on_the_committed_tree_and_writes_nothing(checkout: Path) -> None:
    before = snapshot(checkout)
    result = watchbill(checkout, "check")
    assert (result.returncode, result.stderr) == (0, "")
    assert snapshot(checkout) == before


def test_check_lists_every_file_that_differs(checkout: Path) -> None:
    rules = checkout / "out/prometheus/rules/core-api.cache.rules.yml"
    rules.write_text(rules.read_text().replace("0.6", "0.7"))
    (checkout / "out/prometheus/rules/core-api.process.rules.yml").unlink()
    (checkout / "out/extra.txt").write_text("x")
    result = watchbill(checkout, "check")
    assert result.returncode == 1
    listed = [
        line.split() for line in result.stdout.splitlines() if line.startswith(("  changed", "  extra", "  missing"))
    ]
    assert listed == [
        ["extra", "extra.txt"],
        ["changed", "prometheus/rules/core-api.cache.rules.yml"],
        ["missing", "prometheus/rules/core-api.process.rules.yml"],
    ]
    drift = [line.split() for line in result.stdout.splitlines() if line.lstrip().startswith(("-", "+"))]
    assert ["-", "0.7"] in drift
    assert ["+", "0.6"] in drift


def test_explain_takes_a_bare_name_where_it_is_unique(checkout: Path) -> None:
    whole = watchbill(checkout, "explain", "core-api/CircuitBreakerOpen")
    assert whole.returncode == 0
    assert watchbill(checkout, "explain", "CircuitBreakerOpen").stdout == whole.stdout
    for part in ("P0, somebody must act now", "Backend Team", "specs/services/core-api.yaml:", "for 5 minutes"):
        assert part in whole.stdout


def test_explain_answers_at_night_although_a_runbook_is_broken(checkout: Path) -> None:
    runbook = next((checkout / "runbooks").glob("RB-004-*.md"))
    runbook.write_text(runbook.read_text() + "{{ alert(")
    assert watchbill(checkout, "check").returncode == 1
    assert watchbill(checkout, "explain", "core-api/CircuitBreakerOpen").returncode == 0


def test_explain_lists_the_candidates_of_an_ambiguous_name(checkout: Path) -> None:
    result = watchbill(checkout, "explain", "CacheHitRateLow")
    assert result.returncode == 2
    assert "conversations-platform/CacheHitRateLow, core-api/CacheHitRateLow" in result.stderr


def test_explain_suggests_the_nearest_name(checkout: Path) -> None:
    result = watchbill(checkout, "explain", "core-api/CircuitBrakerOpen")
    assert (result.returncode, result.stdout) == (2, "")
    assert 'use "core-api/CircuitBreakerOpen"' in result.stderr


def test_explain_for_a_script_is_the_catalogue_entry(checkout: Path) -> None:
    entry = json.loads(watchbill(checkout, "explain", "CircuitBreakerOpen", "--format", "json").stdout)
    alerts = json.loads((checkout / "out/catalog.json").read_text())["alerts"]
    assert entry in alerts


def test_audit_of_the_samples_finds_nothing(checkout: Path) -> None:
    result = watchbill(checkout, "audit", "--service", "core-api")
    assert (result.returncode, result.stderr) == (0, "")
    assert "http      3 metrics" in result.stdout


def test_specs_without_a_service_are_refused_with_what_to_write(checkout: Path) -> None:
    shutil.rmtree(checkout / "specs/services")
    result = watchbill(checkout, "generate")
    assert result.returncode == 1
    assert result.stderr.splitlines()[0] == (
        "specs/platform.yaml:1:1: there is no service to compile; write specs/services/<name>.yaml [service/none]"
    )


def test_explain_lists_the_alerts_that_a_part_of_a_name_may_mean(checkout: Path) -> None:
    result = watchbill(checkout, "explain", "PoolCritical")
    assert result.returncode == 2
    assert result.stderr.endswith("it may be one of: core-api/DatabaseConnectionPoolCritical\n")


def test_audit_of_a_scrape_without_a_metric_ends_with_1(checkout: Path) -> None:
    sample = (checkout / "specs/samples/core-api.prom").read_text()
    (checkout / "scrape.prom").write_text(sample.replace("http_requests_total", "http_request_total"))
    result = watchbill(checkout, "audit", "--service", "core-api", "--metrics", "scrape.prom", "--format", "json")
    assert result.returncode == 1
    (found,) = json.loads(result.stdout)["diagnostics"]
    assert "http_requests_total" in found["what"]
    assert "http_request_total" in found["todo"]


@pytest.mark.parametrize(
    "arguments", [["generat"], ["generate", "--nope"], ["explain"], ["audit", "--service", "nope"], ["schema", "nope"]]
)
def test_a_wrong_command_line_ends_with_2(checkout: Path, arguments: list[str]) -> None:
    result = watchbill(checkout, *arguments)
    assert result.returncode == 2
    assert result.stderr != ""


def test_a_folder_that_is_not_ours_is_refused_and_untouched(checkout: Path) -> None:
    foreign = checkout / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("three years of work")
    result = watchbill(checkout, "generate", "--out", "foreign")
    assert result.returncode == 1
    assert snapshot(foreign) == {"thesis.txt": b"three years of work"}


@pytest.mark.parametrize("arguments", ["schema", "generate --specs nowhere --format json"])
def test_a_reader_that_leaves_early_gets_no_traceback(checkout: Path, arguments: str) -> None:
    command = f"({WATCHBILL} {arguments} 2>errors; echo $? >code) | true"
    subprocess.run(["sh", "-c", command], cwd=checkout, check=True)
    assert "Traceback" not in (checkout / "errors").read_text()
    assert (checkout / "code").read_text() in {"141\n", "2\n"}  # a short answer fits the pipe, and is not refused
