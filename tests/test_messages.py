"""What people read when they are paged, rendered by the amtool of both generations.

`pytest --golden` rewrites the expected files of `cases/messages/`: one for each channel that has a template, every
field under its place.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from notified import (
    ANNOTATIONS,
    EXTERNAL_URL,
    LABELS,
    alert,
    endpoint,
    entry_of,
    fields,
    notification,
    other,
    render,
    rendered,
    stray,
)
from watchbill.channels import definitions, templates
from watchbill.tools import GENERATIONS, generation
from watchbill.words.yamltext import Plain, dump

CASES = Path(__file__).parent / "cases/messages"
HOW = "write it by `make golden`, read it, and commit it"
ENTRIES = {name: entry_of(name) for name in definitions()}
SLACK, PAGERDUTY, EMAIL = ENTRIES["slack"], ENTRIES["pagerduty"], ENTRIES["email"]
# What Alertmanager makes by itself is no message of ours: a channel that names no template has none here.
CHANNELS = {name: entry for name, entry in ENTRIES.items() if any("{{" in text for _, text in fields(entry))}
EVIL = (
    '<!channel> <http://evil.example|click> & `x`\nBcc: all@example.com <script>alert(1)</script> " onload="x \' \u202e'
)
BARE = {"alertname": "DiskFull", "severity": "P1"}
HOSTILE = alert(
    labels={**dict.fromkeys(LABELS, EVIL), "severity": "P0"},
    annotations={
        **dict.fromkeys(ANNOTATIONS, EVIL),
        "runbook_url": "javascript:alert(1)",
        "dashboard_url": "https://grafana.example.com/d/x?a=1|click> <!channel> <",
    },
)

GROUPS = {
    "page": notification(alert()),
    "several": notification(*(endpoint(f"/api/{number}", minute=number) for number in range(7))),
    "partly-resolved": notification(
        endpoint("/api/carts", ended=10), endpoint("/api/orders"), endpoint("/api/users", minute=5)
    ),
    "resolved": notification(*(endpoint(f"/api/{number}", ended=10 + number) for number in range(6))),
    "today": notification(other("P1", "One endpoint fails too often: core-api in production/main")),
    "context": notification(other("Info", "Traffic grew by half: core-api in production/main")),
    "unowned": notification(
        alert(labels={"alertname": "DiskFull", "team": "bakcend", "severity": "critical", "service": "core-api"}),
        receiver="unowned",
    ),
    "unowned-several": notification(
        stray("BackupMissing", "Info", ended=9),
        stray("DiskFull", "critical"),
        stray("HostDown", "P0"),
        receiver="unowned",
    ),
    "bare": notification(alert(labels=BARE, annotations={}), receiver="unowned"),
    "hostile": notification(HOSTILE, receiver="unowned"),
}


@pytest.fixture(scope="module", params=GROUPS)
def read(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str]]:
    """Give a group's name, and each channel's fields as one text; both generations agree on every byte."""
    group, texts = request.param, []
    for name in GENERATIONS:
        folder = tmp_path_factory.mktemp(name)
        shown = {
            f"{channel}.txt": "".join(f"# {at}\n{text}\n" for at, text in _fields(name, folder, entry, group).items())
            for channel, entry in CHANNELS.items()
        }
        html = {
            f"{channel}.html": render(name, folder, str(entry["html"]), GROUPS[group], form="html") + "\n"
            for channel, entry in CHANNELS.items()
            if "html" in entry
        }
        texts.append({**shown, **html})
    assert texts[0] == texts[1]
    return group, texts[1]


def _fields(name: str, folder: Path, entry: Mapping[str, object], group: str) -> dict[str, str]:
    return rendered(name, folder, entry, GROUPS[group])


@pytest.fixture
def one(tmp_path: Path) -> dict[str, dict[str, str]]:
    return {channel: _fields("newest", tmp_path, entry, "hostile") for channel, entry in CHANNELS.items()}


def test_a_person_reads_these_messages(read: tuple[str, dict[str, str]], request: pytest.FixtureRequest) -> None:
    group, texts = read
    if request.config.getoption("--golden"):
        (CASES / group).mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            (CASES / group / file).write_text(text, encoding="utf-8")
    missing = [file for file in texts if not (CASES / group / file).exists()]
    assert not missing, f"no golden message {missing} in {CASES / group}; {HOW}"
    assert texts == {file.name: file.read_text(encoding="utf-8") for file in sorted((CASES / group).iterdir())}


def test_no_message_shows_a_hole_or_a_time_that_is_none(read: tuple[str, dict[str, str]]) -> None:
    for file, text in read[1].items():
        assert not re.search(
            r"<no value>|0001-01-01|ZgotmplZ|%!|: *\n(?!\n?-)|\n\n\n", text.replace("# pretext\n\n", "")
        ), file
        assert not re.search(r"\S  +\S", text), file


def test_every_link_is_absolute_and_whole(read: tuple[str, dict[str, str]]) -> None:
    linked = re.findall(r"# (?:actions|links)\.\d\.(?:url|href)\n(.*)", read[1]["slack.txt"] + read[1]["pagerduty.txt"])
    assert len(linked) == 6
    assert all(re.fullmatch(r"https://[\w.]+(/[\w./-]*)?([?#][^\s<>|\"]*)?", link) for link in linked)


@pytest.mark.parametrize("name", GENERATIONS)
def test_amtool_accepts_the_entries_and_the_templates(name: str, tmp_path: Path) -> None:
    for path, text in templates().items():
        file = tmp_path / "templates" / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    entries: dict[str, list[Plain]] = {}
    for channel, entry in ENTRIES.items():
        entries.setdefault(definitions()[channel].key, []).append(entry)
    receiver: Plain = {"name": "backend", **entries}
    top: Plain = {setting: file for each in definitions().values() for setting, file in each.global_files.items()}
    config: dict[str, Plain] = {
        "global": top,
        "route": {"receiver": "backend"},
        "receivers": [receiver],
        "templates": ["templates/*.tmpl"],
    }
    (tmp_path / "alertmanager.yml").write_text(dump(config, source="a test"), encoding="utf-8")
    command = [str(generation(name).amtool), "check-config", str(tmp_path / "alertmanager.yml")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "1 templates\n  SUCCESS" in result.stdout  # the pattern's files, parsed


def test_slack_is_never_asked_to_ping_or_to_link_by_a_label(one: dict[str, dict[str, str]]) -> None:
    for at, text in one["slack"].items():
        notified = [
            mark for mark in re.findall("<[^>]*>?", text) if not re.match(rf"<!date\^\d+\^|<{EXTERNAL_URL}/", mark)
        ]
        assert notified == [], at
        assert not re.search(r"&(?!(amp|lt|gt);)", text) or at.endswith("url"), at
    assert "&lt;!channel&gt; &lt;http://evil.example|click&gt; &amp; 'x' Bcc" in one["slack"]["title"]


def test_a_label_cannot_add_a_line_to_the_subject(one: dict[str, dict[str, str]]) -> None:
    assert "\n" not in one["email"]["headers.subject"]
    assert " Bcc: all@example.com " in one["email"]["headers.subject"]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_hostile_text_adds_no_tag_no_attribute_and_no_address_to_the_html(tmp_path: Path) -> None:
    parsed = _Tags()
    parsed.feed(render("newest", tmp_path, str(EMAIL["html"]), GROUPS["hostile"], form="html"))
    assert {tag for tag, _ in parsed.seen} <= {"html", "head", "meta", "title", "body", "div", "p", "h1", "b", "a"}
    assert {key for _, attributes in parsed.seen for key in attributes} <= {
        *("lang", "charset", "name", "content", "style", "href")
    }
    links = [attributes["href"] or "" for tag, attributes in parsed.seen if tag == "a"]
    assert [link.startswith(f"{EXTERNAL_URL}/#/") for link in links] == [True, True]


LABEL_VALUES = {"a": 'say "hi" \\ no', "b": "x+y & z#1 %41", "c": "line\nbreak", "d": "ä{},=~'", "e": "1,f=2"}


@pytest.mark.parametrize("name", GENERATIONS)
@pytest.mark.parametrize("changed", [None, *LABEL_VALUES])
def test_the_silence_link_matches_this_alert_alone(name: str, changed: str | None, tmp_path: Path) -> None:
    group = notification(alert(labels={"alertname": "Odd", **LABEL_VALUES}))
    link = _silence(render(name, tmp_path, '{{ template "watchbill.lead.silence" . }}', group))
    route: Plain = {"receiver": "none", "routes": [{"receiver": "silenced", "matchers": [link]}]}
    config: dict[str, Plain] = {"route": route, "receivers": [{"name": "none"}, {"name": "silenced"}]}
    (tmp_path / "routes.yml").write_text(dump(config, source="a test"), encoding="utf-8")
    found = {"alertname": "Odd", **LABEL_VALUES, **({changed: "other"} if changed else {})}
    labels = [f'{key}="{_quoted(value)}"' for key, value in found.items()]
    command = [
        str(generation(name).amtool),
        "config",
        "routes",
        "test",
        f"--config.file={tmp_path}/routes.yml",
        *labels,
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stdout.strip()) == (0, "none" if changed else "silenced"), result.stderr


def _silence(link: str) -> str:
    """Decode the filter as the page does: by percent signs, and a plus stays one."""
    start = f"{EXTERNAL_URL}/#/silences/new?filter="
    assert link.startswith(start)
    return unquote(link.removeprefix(start))


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def test_a_silence_link_too_long_to_be_sent_opens_an_empty_form(tmp_path: Path) -> None:
    group = notification(alert(labels={"alertname": "x" * 3000}))
    assert render("newest", tmp_path, '{{ template "watchbill.lead.silence" . }}', group).endswith("/#/silences/new")


@pytest.mark.parametrize(("length", "names"), [(2499, ["Runbook", "Panel"]), (2500, []), (5000, [])])
def test_a_link_too_long_to_be_sent_is_left_out_of_every_channel(length: int, names: list[str], tmp_path: Path) -> None:
    annotations = {key: f"{ANNOTATIONS[key]}?&x=".ljust(length, "x") for key in ("runbook_url", "dashboard_url")}
    group = notification(alert(annotations=annotations))
    slack, pagerduty, email = (rendered("newest", tmp_path, entry, group) for entry in (SLACK, PAGERDUTY, EMAIL))
    html = render("newest", tmp_path, str(EMAIL["html"]), group, form="html")
    for text in (slack["text"], email["text"], html):
        assert ([name for name in ("Runbook", "Panel") if name in text], "xxx" in text) == (names, bool(names))
    for entry, called, address in (
        (slack, "actions.{}.text", "actions.{}.url"),
        (pagerduty, "links.{}.text", "links.{}.href"),
    ):
        buttons = [(entry[called.format(number)], entry[address.format(number)]) for number in (0, 1)]
        assert [name for name, _ in buttons] == (names or ["Alertmanager"] * 2)
        assert [url == EXTERNAL_URL for _, url in buttons] == [not names] * 2
    assert (slack["title_link"] == EXTERNAL_URL) == (not names)


def test_what_the_templates_repeat_is_the_same_everywhere() -> None:
    text = "\n".join(templates().values())
    leads = re.findall(r"\$lead := (.*?) -?}}", text)
    linked = re.findall(r"{{- \$linked := .*", text)
    assert (len(leads) > 10, {*leads}) == (True, {"index (or .Alerts.Firing .Alerts) 0"})
    assert (text.count("https?"), len(linked), len({*linked})) == (2, 2, 1)


def test_a_panel_shows_the_hour_before_and_ends_ten_minutes_after_a_resolved_alert(tmp_path: Path) -> None:
    text = '{{ template "watchbill.lead.panel" . }}'
    started = 1746108180000
    assert render("newest", tmp_path, text, notification(alert())).endswith(f"&from={started - 3600000}&to=now")
    ended = started + 7 * 60000 + 600000
    resolved = notification(alert(ended=10))
    assert render("newest", tmp_path, text, resolved).endswith(f"&from={started - 3600000}&to={ended}")
