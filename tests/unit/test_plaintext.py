from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spectree
from watchbill.console.diagnostics import Style, render
from watchbill.errors import Diagnostic, Span
from watchbill.language.base import Diagnostics
from watchbill.language.schema import DOCUMENTS, schema
from watchbill.link.secrets import require_no_secrets
from watchbill.plaintext import DOT, find, mask, names_secret
from watchbill.source import Map, Seq, Value, parse, read_tree

ROOT = Path(__file__).parents[2]
# Put together here, so that no scanner takes the parts for a secret.
SLACK = "https://hooks.slack.com/" + "/".join(["services", "T0FAKE", "B0FAKE", "fake" * 6])
SECRETS = {
    "a Slack webhook URL": [SLACK, "hooks.slack-gov.com/workflows/" + "fake", f"see {SLACK[:57]}…"],
    "a Slack token": ["xox" + "b-" + "0fake-0fake", "xap" + "p-1-" + "FAKEFAKE"],
    "a PagerDuty integration key": [
        "0fa4e" * 6 + "00",
        "R0FA4E" * 5 + "00",
        "events.pagerduty.com/integration/" + "0fa4e",
    ],
    "a Discord webhook URL": ["https://discord.com/api/" + "webhooks/12/fake"],
    "a Teams webhook URL": ["https://fake.webhook.office.com/" + "webhookb2/0fa4e@0"],
    "a Telegram bot token": ["12345678:" + "fake_" * 7],
    "an AWS access key": ["AKI" + "A" + "FAKE" * 4, "ASI" + "A" + "FAKE" * 4],
    "a GitHub token": ["gh" + "p_" + "fake" * 9, "github_" + "pat_" + "fake" * 9],
    "a GitLab token": ["gl" + "pat-" + "fake" * 5],
    "a Grafana token": ["gl" + "sa_" + "fake" * 8],
    "a JSON Web Token": ["ey" + "J" + "fakefake." + "ey" + "Jfake.fake", "ey" + "J" + "fakefake." + "eyJfa…"],
    "a bearer token": ["Authorization: Bearer " + "fake-fake-1234"],
    "a URL with a password": ["postgres://shop:fake@db/shop", "http://:fake@h", "http://shop:longer-than-sh…"],
    "a private key": ["-----BEGIN RSA PRIVATE " + "KEY-----\nfake\nfake\n-----END RSA PRIVATE " + "KEY-----"],
}
EVERY = [(kind, text) for kind, texts in SECRETS.items() for text in texts]
INNOCENT = [
    "",
    "HighRequestLatencyOfCheckoutsNow",  # 32 characters, and an alert's name
    "0123456789" * 3 + "01",
    "f" * 32,
    "0c59e52a" * 5,  # 40 digits, as of a commit
    "the commit " + "0fa4e" * 6 + "00" + " broke it",
    "https://runbooks.example.com:8443/shop",
    "http://host:909…",
    "http://$USER:$PASSWORD@db/shop",
    "https://<user>:<password>@db/shop",
    "https://hooks.slack.com/services/...",
    "ask the bearer of the pager",
    'sum(rate(requests_total{token="x"}[5m]))',
    "xoxo-xoxo",
    "eyJar.com",
]


@pytest.mark.parametrize(("kind", "text"), EVERY)
def test_a_secret_is_known_by_its_form(kind: str, text: str) -> None:
    found = find(text)
    assert found is not None
    assert found.kind == kind


def test_a_key_with_blanks_around_it_is_known_and_only_the_key_is_it() -> None:
    found = find("  " + "0fa4e" * 6 + "00" + "\n")
    assert found is not None
    assert (found.start, found.end) == (2, 34)


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_secret_passes(text: str) -> None:
    assert find(text) is None


@pytest.mark.parametrize(("kind", "text"), EVERY)
def test_a_masked_secret_is_none_and_as_long_as_before(kind: str, text: str) -> None:
    masked = mask(f"{kind}: {text}")
    assert (find(masked), len(masked), masked.count("\n")) == (None, len(kind) + 2 + len(text), text.count("\n"))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f'the text "{SLACK}"', f'the text "https://hooks.slack.com/services/{DOT * 38}"'),
        ('password: "a b" # c', 'password: "•••" # c'),
        ("password: 'a b'", "password: '•••'"),
        ("{smtp_password: ab, b: c}", "{smtp_password: ••, b: c}"),
        ('{"token":"ab"}', '{"token":"••"}'),
        ("API-Key = ab", "API-Key = ••"),
        ("password: a,b # c\nb: c", "password: ••• # c\nb: c"),
        ("password_file: /etc/a", "password_file: /etc/a"),
        ("token: {name: a}", "token: {name: a}"),
        ("tokens: 5", "tokens: 5"),
        ('the key "token" is unknown', 'the key "token" is unknown'),
        ('"' + "0fa4e" * 6 + '00"', f'"{DOT * 32}"'),
    ],
)
def test_a_mask_hides_the_secret_part_alone(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(st.text(st.sampled_from("a0:/@\"' \n…•{},#-") | st.characters(), max_size=60))
def test_a_mask_keeps_every_place_and_is_done_at_once(text: str) -> None:
    for given_text in (text, f"password: {text}", f"://{text}@", SLACK + text):
        masked = mask(given_text)
        assert len(masked) == len(given_text)
        assert all(now in (before, DOT) for before, now in zip(given_text, masked, strict=True))
        assert mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "://" + ":" * 99999,
        "://a:" + "b" * 99999 + "…",
        "://a:" * 20000 + "…",
        "token: a" + " " * 99999 + "b",
        "token: a" + " ,b" * 30000,
        "Bearer " + "a" * 99999,
        "a." * 50000,
        "A0" * 50000,
        "eyJ" * 30000,
        ("-----BEGIN PRIVATE " + "KEY-----") * 3000,
        'password: "' * 9000,
        'password: "' + "\\" * 99999,
    ],
    ids=lambda text: text[:20],
)
def test_a_mask_takes_no_time(text: str) -> None:
    start = time.process_time()
    mask(text)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "key", ["password", "PASSWD", "smtp_auth_password", "bot-token", "api_key", "apiKey", "secret"]
)
def test_a_key_names_a_secret(key: str) -> None:
    assert names_secret(key)


@pytest.mark.parametrize("key", ["password_file", "token-file", "tokens", "secretary", "brokentoken", "pagerduty", ""])
def test_a_key_that_only_looks_like_one_does_not(key: str) -> None:
    assert not names_secret(key)


def _values(value: Value, key: str = "") -> list[tuple[str, Value]]:
    if isinstance(value, Map):
        return [entry for name, inner in value.items() for entry in [("", name), *_values(inner, name)]]
    if isinstance(value, Seq):
        return [entry for inner in value for entry in _values(inner, key)]
    return [(key, value)]


@pytest.mark.parametrize("folder", ["specs", "generator/watchbill/library"])
def test_nothing_that_we_ship_is_taken_for_a_secret(folder: str) -> None:
    documents = read_tree(ROOT / folder)
    values = [entry for document in documents for entry in _values(document.data)]
    assert len(values) > 100
    assert [entry for entry in values if find(str(entry[1])) or names_secret(entry[0])] == []
    assert [document.path for document in documents if mask(document.text) != document.text] == []


@pytest.mark.parametrize("style", Style)
def test_no_report_prints_a_secret(style: Style) -> None:
    for kind, text in EVERY:
        line = text.replace("\n", "\\n")
        found = [Diagnostic(Span("a.yaml", 1, 1, 1, 9), "spec/unknown-key", f'{kind} "{text}"', f'not "{text}"')]
        shown = render(found, style=style, texts={"a.yaml": f"a: {line}"})
        assert text not in shown
        assert DOT in shown or style is Style.JSON


def test_no_excerpt_shows_a_secret_that_only_its_key_tells(tmp_path: Path) -> None:
    spec = (
        spectree.service({"Busy": "kind: level"})
        + "token: [hunter2, {a: b}]\nsecret:\n  - hunter3\npassword:\n  hunter4\n"
    )
    spectree.write_tree(tmp_path, {"services/shop.yaml": spec})
    shown = spectree.run(tmp_path, "generate", terminal=True).stderr
    assert (shown.count("a plain secret (the value of"), "hunter" in shown) == (3, False)


def test_a_secret_is_reported_wherever_a_spec_stands(tmp_path: Path) -> None:
    files = {
        "services/shop.yaml": "# SLACK-2fake-2fake\na: &a SLACK-0fake-0fake\nb: *a\n",
        "lost/x.yaml": "? SLACK-1fake-1fake\n: 1\n",
    }
    spectree.write_tree(tmp_path, {path: text.replace("SLACK", "xox" + "b") for path, text in files.items()})
    shown = spectree.run(tmp_path, "generate", "--format", "json").stdout
    assert (shown.count("a plain secret (a Slack token)"), "fake" in shown) == (4, False)


def _named_by_authors(node: Any) -> Iterator[str]:
    """Yield the keys of the mappings, in a schema, that take any key and give it a text, a number or a list."""
    if isinstance(node, dict):
        for key, inner in node.get("properties", {}).items():
            values = inner.get("patternProperties", {}).values() if isinstance(inner, dict) else ()
            if any("$ref" not in value and value.get("type") != "object" for value in values):
                yield key
        for inner in node.values():
            yield from _named_by_authors(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _named_by_authors(inner)


NAMED_BY_AUTHORS = sorted({key for name in DOCUMENTS for key in _named_by_authors(schema(name))})


def _refused(text: str) -> list[str]:
    diagnostics = Diagnostics()
    require_no_secrets([parse(text, path="a.yaml", pointer="a.yaml")], diagnostics)
    return [fault.what for fault in diagnostics.found]


def test_a_key_that_an_author_chose_makes_no_secret_of_its_value() -> None:
    assert {"classes", "exclude", "labels", "limits", "metrics", "target"} <= {*NAMED_BY_AUTHORS}
    text = "{token: kind, Secret: [a, 5], password: 5}"
    found = {key: _refused(f"{key}: {text}\nin: {{kit: {{{key}: {text}}}}}\n") for key in NAMED_BY_AUTHORS}
    assert {key: whats for key, whats in found.items() if whats} == {}


@pytest.mark.parametrize("key", NAMED_BY_AUTHORS)
def test_a_secret_below_a_key_that_an_author_chose_is_refused_by_its_form(key: str) -> None:
    assert _refused(f"{key}: {{kind: {SLACK}}}\n") == ["a plain secret (a Slack webhook URL) stands in a spec"]


@pytest.mark.parametrize("inside", ["token: {password: a}", "labels: {password: a}", "a: [{password: a}]"])
def test_only_the_keys_that_an_author_chose_are_free(inside: str) -> None:
    assert _refused(f"labels: {{{inside}}}\n") == ['a plain secret (the value of "password") stands in a spec']


def test_metrics_labels_classes_and_limits_may_be_called_as_secrets_are(tmp_path: Path) -> None:
    kit = spectree.KIT.replace("labels:\n", "labels:\n  token: {name: token, example: red}\n", 1)
    kit = kit.replace("classes:\n", "classes:\n  secret: {label: token, equals: blue, other: red}\n")
    kit = kit.replace("limits:\n", "limits:\n  secret: {unit: count}\n")
    kit = kit.replace(
        "  load: {name", "  token: {name: tokens, type: gauge, noun: tokens, help: Tokens}\n  load: {name"
    )
    more = (
        "metrics: {token: auth_tokens_used}, labels: {token: kind}, classes: {secret: blue}, exclude: {token: [green]}"
    )
    busy = "signal: kit, kind: level, metric: token, above: 5, for: 5m, severity: P1, summary: Busy, action: Look"
    shop = spectree.service({"Busy": busy}).replace("limits: {", f"{more}, limits: {{secret: 5, ")
    shop = shop.replace("{job: shop}", "{job: shop, password: none}")
    specs = spectree.write_tree(tmp_path, {"services/shop.yaml": shop, "profiles/kit.yaml": kit})
    (busy_alert,) = (alert for alert in spectree.compile_tree(specs).services[0].alerts if alert.name == "Busy")
    assert 'auth_tokens_used{job="shop",password="none"}' in busy_alert.rules[0].expr
