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
    instance,
    notification,
    other,
    render,
    rendered,
    slow,
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
    "fleet": notification(*(instance(number, minute=number % 50) for number in range(200))),
    "two-names": notification(alert(), slow(minute=9)),
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
    assert " Bcc: al..." in one["email"]["headers.subject"]


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
    found = {"alertname": "Odd", **LABEL_VALUES, **({changed: "other"} if changed else {})}
    assert _routed(name, link, found, tmp_path) == ("none" if changed else "silenced")


def _routed(name: str, link: str, found: Mapping[str, str], folder: Path) -> str:
    """Ask amtool whether a silence's matchers hold for some labels, as it reads a route's in the same way."""
    route: Plain = {"receiver": "none", "routes": [{"receiver": "silenced", "matchers": [link]}]}
    config: dict[str, Plain] = {"route": route, "receivers": [{"name": "none"}, {"name": "silenced"}]}
    (folder / "routes.yml").write_text(dump(config, source="a test"), encoding="utf-8")
    labels = [f'{key}="{_quoted(value)}"' for key, value in found.items()]
    command = [str(generation(name).amtool), "config", "routes", "test", f"--config.file={folder}/routes.yml", *labels]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


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
    for text in (email["text"], html):
        assert ([name for name in ("Runbook", "Panel") if name in text], "xxx" in text) == (names, bool(names))
    for entry, called, address in (
        (slack, "actions.{}.text", "actions.{}.url"),
        (pagerduty, "links.{}.text", "links.{}.href"),
    ):
        buttons = [(entry[called.format(number)], entry[address.format(number)]) for number in (0, 1)]
        assert [name for name, _ in buttons] == (names or ["Alertmanager", "Silences"])
        assert names or [url for _, url in buttons] == [EXTERNAL_URL, f"{EXTERNAL_URL}/#/silences"]
    assert slack["title_link"].startswith(f"{EXTERNAL_URL}/#/alerts?receiver=")


def test_what_the_templates_repeat_is_the_same_everywhere() -> None:
    text = "\n".join(templates().values())
    assert text.count("$lead :=") > 15
    assert text.count("$lead :=") == text.count(
        "{{- if gt $urgent $most }}{{ $lead = . }}{{ $most = $urgent }}{{ end }}"
    )
    asked = re.findall(r"(\{\{- \$linked := .*) ", text)
    addresses = {re.search(r"`.*`", each)[0] for each in asked if "lt (len (index . 0)) 2500" in each}  # type: ignore[index]
    assert (len(asked), len(addresses)) == (4, 1)


def test_the_newest_of_the_most_urgent_leads_whatever_the_order(tmp_path: Path) -> None:
    """Alertmanager sorts by labels; urgent is P0, then a severity that nobody knows, then P1 and Info."""
    old, new = stray("A", "P0"), stray("Z", "P0")
    new["startsAt"] = "2025-05-01T14:40:00Z"
    others = [stray("B", "P1"), stray("C", "critical"), stray("D", "Info")]
    for each in others:
        each["startsAt"] = "2025-05-01T14:59:00Z"
    ended = stray("E", "P0", ended=58)
    ended["startsAt"] = "2025-05-01T14:55:00Z"
    shown = '{{ template "watchbill.pagerduty.class" . }}'
    for group, lead in (
        ((*others, old, new, ended), "Z"),
        ((new, old), "Z"),
        ((*others, ended), "C"),
        ((others[2], others[0]), "B"),
        ((ended, stray("F", "P0", ended=59)), "E"),
    ):
        assert render("newest", tmp_path, shown, notification(*group, receiver="unowned")) == lead


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    folder = tmp_path_factory.mktemp("fleet")
    return {channel: _fields("newest", folder, entry, "fleet") for channel, entry in CHANNELS.items()}


def test_a_fleet_is_told_impact_and_next_step_once_and_then_a_list(fleet: dict[str, dict[str, str]]) -> None:
    slack, email, pagerduty = fleet["slack"]["text"], fleet["email"]["text"], fleet["pagerduty"]
    for text in (slack, email):
        assert text.count(ANNOTATIONS["impact"]) == text.count(ANNOTATIONS["action"]) == 1
        assert text.count("instance 10.0.") in {10, 11}
        assert "11 of 200 firing alerts are shown" in text
        assert len(text) < 3000
    assert pagerduty["details.num_firing"] == "200"
    assert sum(len(text) for at, text in pagerduty.items() if at.startswith("details.")) < 4000


def test_no_message_gives_a_link_twice(read: tuple[str, dict[str, str]]) -> None:
    for file, text in read[1].items():
        shown = re.sub(r"# client_url\n.*\n|# fallback\n.*\n", "", text)
        found = re.findall(r"https?://[^\s|>\"]+", shown.replace("&amp;", "&") if file.endswith(".html") else shown)
        ours = [link for link in found if "evil.example" not in link]
        assert len(ours) == len(set(ours)), (file, found)


def test_the_subject_of_a_mail_is_one_line(read: tuple[str, dict[str, str]]) -> None:
    """RFC 5322, section 2.1.1: 78 characters, with the name of the header."""
    (subject,) = re.findall(r"# headers\.subject\n(.*)\n# ", read[1]["email.txt"])
    assert len(f"Subject: {subject}") <= 78


@pytest.mark.parametrize("name", GENERATIONS)
def test_the_silence_of_a_group_holds_for_each_of_its_alerts_and_for_no_other(name: str, tmp_path: Path) -> None:
    members = [instance(1), instance(2)]
    link = _silence(render(name, tmp_path, '{{ template "watchbill.lead.silence" . }}', notification(*members)))
    others = [{**members[0]["labels"], label: "other"} for label in (*LABELS,)]
    found = [_routed(name, link, labels, tmp_path) for labels in (*(each["labels"] for each in members), *others)]
    assert found == ["silenced"] * 2 + ["none"] * len(others)


def test_alerts_that_nobody_owns_are_never_silenced_by_what_little_they_share(tmp_path: Path) -> None:
    group = notification(stray("A", "P0"), stray("B", "P0"), receiver="unowned")
    link = _silence(render("newest", tmp_path, '{{ template "watchbill.lead.silence" . }}', group))
    assert 'alertname="A"' in link or 'alertname="B"' in link


SHORT = entry_of("email", fallback=True)


@pytest.mark.parametrize("group", GROUPS)
def test_the_fallback_receiver_gets_one_text_message(group: str, tmp_path: Path) -> None:
    shown = {form: render("oldest", tmp_path, str(SHORT[form]), GROUPS[group]) for form in ("text",)}
    shown["subject"] = render("oldest", tmp_path, str(SHORT["headers"]["subject"]), GROUPS[group])
    whole = f"{shown['subject']} {shown['text']}"
    assert SHORT["html"] == ""
    assert len(whole) <= 160
    assert re.fullmatch(r"[ -Z_a-z]+", whole)  # one of these counts as one, in the alphabet of GSM


def test_a_text_message_says_how_urgent_what_and_where_it_is_described(tmp_path: Path) -> None:
    subject, text = str(SHORT["headers"]["subject"]), str(SHORT["text"])
    assert render("newest", tmp_path, subject, notification(alert())) == "P0"
    assert render("newest", tmp_path, subject, notification(alert(ended=9))) == "P0 resolved"
    assert render("newest", tmp_path, subject, GROUPS["fleet"]) == "P0, 200 firing"
    assert render("newest", tmp_path, text, notification(alert())) == (
        "Too many requests end in a server error HTTP5xxErrorRateCritical"  # the address is too long for it
    )
    near = alert(annotations={**ANNOTATIONS, "runbook_url": "https://runbooks.example.com/alerts/a/B.html"})
    assert render("newest", tmp_path, text, notification(near)) == (
        "Too many requests end in a server error https://runbooks.example.com/alerts/a/B.html"
    )


def test_a_panel_shows_the_hour_before_and_ends_ten_minutes_after_a_resolved_alert(tmp_path: Path) -> None:
    text = '{{ template "watchbill.lead.panel" . }}'
    started = 1746108180000
    assert render("newest", tmp_path, text, notification(alert())).endswith(f"&from={started - 3600000}&to=now")
    ended = started + 7 * 60000 + 600000
    resolved = notification(alert(ended=10))
    assert render("newest", tmp_path, text, resolved).endswith(f"&from={started - 3600000}&to={ended}")
