from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watchbill.errors import RefusedError, Span, SpecError, UsageError
from watchbill.source import Document, Map, Seq, SourceError, parse, parser, read_file, read_tree, span_of


def read(text: str) -> Document:
    return parse(text, path="a.yaml", pointer="specs/a.yaml")


def diagnostics(text: str) -> list[str]:
    with pytest.raises(SourceError) as caught:
        read(text)
    return [str(diagnostic).removeprefix("a.yaml:") for diagnostic in caught.value.diagnostics]


def fault(text: str) -> str:
    (only,) = diagnostics(text)
    return only


def cut(text: str, span: Span) -> str:
    """Take out of the text what a span covers, line by line as an editor would."""
    lines = text.split("\n")
    if span.line == span.end_line:
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]
    first, *middle = lines[span.line - 1 : span.end_line - 1]
    return "\n".join([first[span.column - 1 :], *middle, lines[span.end_line - 1][: span.end_column - 1]])


def spans(node: Map | Seq) -> Iterator[Span]:
    yield node.span
    for place in node.places.values() if isinstance(node, Map) else node.places:
        yield place.value
        if place.key is not None:
            yield place.key
    for value in node.values() if isinstance(node, Map) else node:
        if isinstance(value, Map | Seq):
            yield from spans(value)


class TestScalars:
    @pytest.mark.parametrize(
        ("written", "value"),
        [
            ("true", True),
            ("false", False),
            ("null", None),
            ("", None),
            ("0", Decimal(0)),
            ("-12", Decimal(-12)),
            ("+5", Decimal(5)),
            ("0.1", Decimal("0.1")),
            (".5", Decimal("0.5")),
            ("5.", Decimal(5)),
            ("1e3", Decimal(1000)),
            ("1.5E-3", Decimal("0.0015")),
            ("0.30000000000000000000000000001", Decimal("0.30000000000000000000000000001")),
            ('"1"', "1"),
            ("'yes'", "yes"),
            ('"~"', "~"),
            ("|\n  on\n", "on\n"),
            (">-\n  0777\n", "0777"),
        ],
    )
    def test_reads_by_the_core_rules_of_yaml_1_2(self, written: str, value: object) -> None:
        got = read(f"a: {written}").data["a"]
        assert (got, type(got)) == (value, type(value))

    def test_keeps_the_written_digits(self) -> None:
        assert str(read("a: 1.50").data["a"]) == "1.50"

    def test_has_no_minus_zero(self) -> None:
        assert str(read("a: -0.0").data["a"]) == "0.0"

    @pytest.mark.parametrize(
        "written",
        [
            "5xx",
            "30d",
            "99.9%",
            "10/min",
            "1.2.3",
            "host:8080",
            "1-2",
            "10:80",
            "-",
            ".",
            "+",
            "-.",
            "1e",
            ".e5",
            "0x",
            "0xg",
            "1,000",
            "yess",
            "truth",
            "nil",
            "n/a",
            "½",
            "\u0661",
            "2024",
            "2024-01",
            "v0777",
            "inf",
            "nan",
            "1:2:x",
            "<<",
        ],
    )
    def test_takes_what_only_looks_strange_as_it_is(self, written: str) -> None:
        got = read(f"a: {written}\nb: c").data["a"] if written != "-" else "-"
        assert str(got) == written

    @pytest.mark.parametrize(
        ("written", "what"),
        [
            *(
                (word, "is a boolean in YAML 1.1")
                for word in ["y", "N", "yes", "Yes", "YES", "no", "NO", "on", "On", "off", "OFF", "oFF"]
            ),
            *((word, "is not how a boolean is spelled") for word in ["True", "TRUE", "False", "FALSE"]),
            *((word, "is not how null is spelled") for word in ["~", "Null", "NULL"]),
            *((word, "to the base of 60") for word in ["1:30", "-1:30", "12:30:45", "190:20:30.15", "1_0:30"]),
            *((word, "leading zero") for word in ["0777", "-017", "00", "08", "01.5", "0_7"]),
            ("0o17", "octal"),
            ("0x1F", "hexadecimal"),
            ("-0x1_F", "hexadecimal"),
            ("0b101", "binary"),
            *((word, "underscores") for word in ["1_000", "-1_0", "1_000.5", "1_", "1_0e3"]),
            *((word, "not a finite number") for word in [".inf", "-.Inf", "+.INF", ".nan", ".NaN"]),
            *((word, "is a date") for word in ("2024-01-01", "2024-1-2", "2024-01-01T10:00:00Z")),
            ("2024-01-01 10:00:00", "is a date"),
            ("1" * 31, "more than 30 digits"),
            ("0." + "1" * 30, "more than 30 digits"),
            ("1e999999999", "more than 30 digits"),
            ("1e-31", "more than 30 digits"),
            ("1e" + "9" * 5000, "more than 30 digits"),
        ],
    )
    def test_refuses_what_could_be_read_in_two_ways(self, written: str, what: str) -> None:
        assert fault(f"a:\n  b: {written}\n").startswith("2:6: ")
        assert what in fault(f"a:\n  b: {written}\n")

    @pytest.mark.parametrize(
        "key",
        [
            "yes",
            "No",
            "on",
            "off",
            "y",
            "n",
            "True",
            "~",
            "true",
            "null",
            "0777",
            "1:30",
            "0x1F",
            "1_0",
            ".inf",
            "2024-01-01",
        ],
    )
    def test_refuses_keys_that_are_not_text_to_every_tool(self, key: str) -> None:
        assert fault(f"{key}: 1").endswith(f'; write it in quotes: "{key}"')

    @pytest.mark.parametrize("key", ["200", "1.50", '"yes"', "'~'", "5xx", '"<<"', "1" * 40])
    def test_takes_other_keys_as_they_are_written(self, key: str) -> None:
        assert list(read(f"{key}: 1").data) == [key.strip("\"'")]

    def test_says_what_to_write(self) -> None:
        assert fault("a: on") == (
            '1:4: "on" is a boolean in YAML 1.1 and text in YAML 1.2; '
            'write true or false, or "on" in quotes if text is meant'
        )


class TestSpans:
    @pytest.mark.parametrize("line_end", ["\n", "\r\n"])
    def test_stand_where_the_author_wrote(self, line_end: str) -> None:
        text = '# ü\nä: 日本 # x\nb:\n  - "q\\"t"\n  - {c: [1 , 2 ], d: e}\nf:\n  g: h\n  i: j\n'.replace(
            "\n", line_end
        )
        data = read(text).data
        paths: list[list[str | int]] = [["ä"], ["b", 0], ["b", 1], ["b", 1, "c"], ["b", 1, "c", 1], ["f"]]
        written = [cut(text, span_of(data, path)) for path in paths]
        assert written == ["日本", '"q\\"t"', "{c: [1 , 2 ], d: e}", "[1 , 2 ]", "2", f"g: h{line_end}  i: j"]

    def test_of_a_block_of_text_end_with_its_last_words(self) -> None:
        text = "a: |\n  x\n  y\n\n\n# c\nb: 1\n"
        assert cut(text, span_of(read(text).data, ["a"])) == "|\n  x\n  y"

    def test_of_an_empty_value_stand_behind_its_colon(self) -> None:
        assert span_of(read("a:\nb: 1\n").data, ["a"]) == Span("a.yaml", 1, 3, 1, 3)

    def test_ignore_a_byte_order_mark(self) -> None:
        assert span_of(read("\ufeffa: 1\n").data, ["a"]) == Span("a.yaml", 1, 4, 1, 5)

    def test_of_an_alias_stand_at_the_alias(self) -> None:
        assert str(span_of(read("a: &x {k: 1}\nb: *x\n").data, ["b"])) == "a.yaml:2:4"

    def test_behind_an_alias_stand_at_the_anchor(self) -> None:
        assert str(span_of(read("a: &x {k: 1}\nb: *x\n").data, ["b", "k"])) == "a.yaml:1:11"

    def test_of_a_key_are_found(self) -> None:
        assert str(span_of(read("a:\n  b: 1").data, ["a", "b"], key=True)) == "a.yaml:2:3"

    @pytest.mark.parametrize("path", [["a", "x"], ["a", "x", 3], ["a", 0]])
    def test_of_what_is_missing_are_those_of_the_nearest_parent(self, path: list[str | int]) -> None:
        assert span_of(read("t: 1\na: {b: 1}").data, path) == Span("a.yaml", 2, 4, 2, 10)

    @pytest.mark.parametrize("index", [-1, 2, "0"])
    def test_outside_a_list_are_those_of_the_list(self, index: str | int) -> None:
        assert cut("a: [1, 2]", span_of(read("a: [1, 2]").data, ["a", index])) == "[1, 2]"

    def test_keep_the_order_of_the_author(self) -> None:
        assert list(read("b: 1\na: 2\nc: 3\n").data) == ["b", "a", "c"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", '1:1: the file holds no spec; write "key: value" lines, or delete the file'),
            ("# only\n", '1:1: the file holds no spec; write "key: value" lines, or delete the file'),
            ("---\n", '2:1: the file holds no spec; write "key: value" lines, or delete the file'),
            (
                "- 1\n",
                '1:1: the top of the file is a list; write "key: value" lines, with a blank after each colon',
            ),
            ("a: 1\nb: 2\na: 3", '3:1: the key "a" is written twice, first on line 1; delete one of the two'),
            ('"x": 1\nx: 2', '2:1: the key "x" is written twice, first on line 1; delete one of the two'),
            ("<<: {a: 1}", '1:1: the merge key "<<" is not supported; write the entries out'),
            ("a: b\n---\nc: d", "2:1: a second document begins here; put it into a file of its own"),
            ("a: b\n...\n%TAG ! x\n", "3:1: a second document begins here; put it into a file of its own"),
            ("%YAML 1.1\n---\na: b", "1:1: a directive begins here; delete the line"),
            ("{a: b} c", "1:8: text stands outside the top mapping; delete it, or indent it under its key"),
            ("?\n: 1", "1:2: a key is missing before this colon; write a name before the colon"),
            ("&k a: 1", '1:1: the key carries the anchor "&k"; anchor its value instead'),
            ("a: &x 1\nb: &x 2", '2:4: the anchor "&x" is defined twice; rename one of the two'),
            ("a: &x [*x]", '1:8: the alias "*x" repeats a value inside itself; write the value out'),
            ("a: &left 1\nb: *lefd", '2:4: the alias "*lefd" has no anchor before it; use "left"'),
            ("a: &x 1\n*x : 2", '2:1: the alias "*x" stands as a key; write the key out'),
            ('"a\\nb": 1', '1:1: the key "a\\nb" holds a tab or a line break; write it on one line'),
            (f"{'k' * 201}: 1", "1:1: the key is longer than 200 characters; shorten it"),
        ],
    )
    def test_say_what_is_wrong_and_what_to_do(self, text: str, expected: str) -> None:
        assert fault(text) == expected

    @pytest.mark.parametrize("tag", ["!foo", "!!str", "!!python/object/apply:os.system", "!", "!<x>"])
    def test_of_tags(self, tag: str) -> None:
        assert fault(f"a: {tag} x").startswith("1:4: tags are not used in specs; ")

    @pytest.mark.parametrize(("text", "where"), [("a: {{ x }}", "1:5"), ("? [b]\n: c", "1:3"), ("? b: c\n: d", "1:3")])
    def test_of_keys_that_are_not_scalars(self, text: str, where: str) -> None:
        assert fault(text).startswith(f"{where}: a mapping or list stands as a key; ")

    @pytest.mark.parametrize("code", [0, 8, 11, 0x1B, 0x7F, 0x85, 0x9F, 0x2028, 0x2029, 0x202E, 0x2066, 0xFEFF, 0xFFFE])
    def test_of_characters_hold_raw_and_escaped(self, code: int) -> None:
        raw, escaped = fault(f"ä: 1\nb: é{chr(code)}"), fault(f'ä: 1\nb: "\\u{code:04x}"')
        assert (raw[:5], escaped[:5], f"U+{code:04X}" in raw, f"U+{code:04X}" in escaped) == (
            "2:5: ",
            "2:4: ",
            True,
            True,
        )

    def test_of_a_lone_surrogate(self) -> None:
        assert fault("a: \ud800") == "1:4: the lone surrogate U+D800 is not a character; delete it"

    def test_of_a_lone_carriage_return(self) -> None:
        assert fault("a: 1\rb: 2\r\n").startswith("1:5: a carriage return stands here without a line feed; ")

    @pytest.mark.parametrize(
        ("text", "where"),
        [
            ("a:\n\tb: 1", "2:1"),
            ("\ta: 1", "1:1"),
            ("a:\n  \tb: 1", "2:3"),
            ("a: |\n\tx\n", "2:1"),
            ("a: [\n\t1]", "2:1"),
        ],
    )
    def test_of_tabs_as_indentation(self, text: str, where: str) -> None:
        assert fault(text) == f"{where}: a tab indents this line; indent with spaces"

    @pytest.mark.parametrize("text", ["a: |\n  x\n  \ty\n", "a: 1\t# c\n", "a: 'x\ty'\n"])
    def test_leave_other_tabs_alone(self, text: str) -> None:
        assert read(text).data

    @pytest.mark.parametrize("loader", [parser.Loader, yaml.SafeLoader])
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("é: 日本: x\r\n", "1:6: a colon stands where no key can"),
            ("ä: 1\r\nbö\r\nc: 2\r\n", "2:1: this line has no colon after its key"),
            ("ä: 😀\nb: 'x\nc: 1\n", "2:4: this quote is never closed"),
            ('b: "x', "1:4: this quote is never closed"),
            ("ü: [1, 2\nb: 3\n", "1:4: the list opened by [ goes wrong"),
            ("a: {b: 1\n", "1:4: the mapping opened by { goes wrong"),
            ("a: '日' y\n", "1:8: this does not fit into the mapping around it"),
            ("a:\n  - 1\n  b: 2\n", "3:3: this does not fit into the list around it"),
            ("a: - 1\n", '1:4: a list item ("- ") cannot begin here'),
            ("a: ? b\n", '1:4: a key that begins with "? " cannot stand here'),
            ("a: @x\n", "1:4: a value cannot begin with this character"),
            ("a: %x\n", "1:4: a value cannot begin with this character"),
            ("a: > 5\n", '1:6: text stands behind "|" or ">", which begin a block of text'),
            ("a: |0\n  x\n", "1:5: this indentation indicator is not a digit from 1 to 9"),
            ("a: *\n", '1:5: the name after "&" or "*" is not made of letters, digits, "-" and "_"'),
            ("a: ]\n", "1:4: a value is missing here"),
        ],
    )
    def test_of_syntax_are_in_plain_english(
        self, monkeypatch: pytest.MonkeyPatch, loader: object, text: str, expected: str
    ) -> None:
        monkeypatch.setattr(parser, "Loader", loader)
        assert fault(text).startswith(f"{expected}; ")

    def test_of_a_tab_before_a_comment(self) -> None:
        assert fault("a: 1\n\t# c\n") == "2:1: a tab stands where YAML wants spaces; delete it, or write spaces"

    def test_come_all_at_once_and_sorted(self) -> None:
        assert [line.split(":")[0] for line in diagnostics("a: yes\nb: *x\na: 1\nc: !t 0777\nd: 'x\n")] == list(
            "123445"
        )

    def test_stop_at_a_hundred(self) -> None:
        assert len(diagnostics("a:\n" + "- yes\n" * 500)) == 100

    def test_carry_the_text_for_the_report(self) -> None:
        with pytest.raises(SourceError) as caught:
            read("\ufeffa: yes")
        assert caught.value.texts == {"a.yaml": "a: yes"}

    def test_of_an_escape_that_names_no_character_hold_without_the_c_extension(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parser, "Loader", yaml.SafeLoader)
        assert fault('a: "\\UFFFFFFFF"') == "1:1: an escape sequence names no character; correct it"


class TestSlips:
    @pytest.mark.parametrize("loader", [parser.Loader, yaml.SafeLoader])
    @pytest.mark.parametrize(
        ("text", "where", "comment"),
        [
            ("slack: #incidents\n", "1:8", "#incidents"),
            ("a:\n  slack:   #incidents # the loud one\n  b: 1\n", "2:12", "#incidents"),
            ("a: {slack: #incidents}\nb: 1\n", "1:12", "#incidents"),
            ("a: {slack: #incidents\n}\n", "1:12", "#incidents"),
            ('a: {b: "it\'s", slack: #incidents, c: d}\nb: 1\n', "1:23", "#incidents, c: d"),
        ],
    )
    def test_a_value_that_is_read_as_a_comment_is_said(
        self, monkeypatch: pytest.MonkeyPatch, loader: object, text: str, where: str, comment: str
    ) -> None:
        monkeypatch.setattr(parser, "Loader", loader)
        assert fault(text) == f'{where}: "{comment}" is read as a comment, so "slack" has no value; put it in quotes'

    def test_an_item_that_is_read_as_a_comment_is_said(self) -> None:
        assert fault("a:\n  - #x\n  - z\n") == (
            '2:5: "#x" is read as a comment, so this item has no value; put it in quotes'
        )

    @pytest.mark.parametrize(
        "text", ["a: # x\n", "a: #x\n  b: 1\n", "a:\n#x\n", 'a: "" #x\n', "a: null #x\n", "a: ##\n"]
    )
    def test_other_comments_are_left_alone(self, text: str) -> None:
        assert list(read(text).data) == ["a"]

    @pytest.mark.parametrize("loader", [parser.Loader, yaml.SafeLoader])
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a: {above: 85%, why: note: x}\n", "1:26: a second colon stands in this value; put the text in quotes"),
            ("a: {\n  why: note: x,\n  b: 1\n}\n", "2:12: a second colon stands in this value; put the text in quotes"),
            ("a: {why: 'it's'}\n", "1:13: this quote ends the text, and more follows; put the text in double quotes"),
            ('a: {why: "a"b"}\n', "1:12: this quote ends the text, and more follows; put the text in single quotes"),
            ("why: 'it's'\n", "1:9: this quote ends the text, and more follows; put the text in double quotes"),
            ("a: {b: 1\nc: 2\n", "1:4: the mapping opened by { goes wrong; "),
            ("a: {b: 'c' d: 1}\n", "1:4: the mapping opened by { goes wrong; "),
        ],
    )
    def test_a_text_that_needs_quotes_is_pointed_at(
        self, monkeypatch: pytest.MonkeyPatch, loader: object, text: str, expected: str
    ) -> None:
        monkeypatch.setattr(parser, "Loader", loader)
        assert fault(text).startswith(expected)

    @pytest.mark.parametrize("loader", [parser.Loader, yaml.SafeLoader])
    @pytest.mark.parametrize(
        ("written", "todo"),
        [
            ("> 2%", 'write 2% without ">", or put the value in quotes'),
            (">2%", 'write 2% without ">", or put the value in quotes'),
            (">= 500ms", 'write 500ms without ">=", or put the value in quotes'),
            (">2", 'write 2 without ">", or put the value in quotes'),
            ("{b: > 2%}", 'write 2% without ">", or put the value in quotes'),
            ("%2", "write 2%, or put the value in quotes"),
            ("{b: %2}", "write 2%, or put the value in quotes"),
            ("%2x", "put the value in quotes"),
        ],
    )
    def test_a_quantity_with_a_sign_is_shown_without_it(
        self, monkeypatch: pytest.MonkeyPatch, loader: object, written: str, todo: str
    ) -> None:
        monkeypatch.setattr(parser, "Loader", loader)
        assert fault(f"above: {written}\n").partition("; ")[2] == todo

    def test_a_block_of_text_may_say_its_indentation(self) -> None:
        assert read("a: |2\n   x\n").data["a"] == " x\n"

    @pytest.mark.parametrize("loader", [parser.Loader, yaml.SafeLoader])
    @pytest.mark.parametrize(
        ("text", "where"),
        [
            ("a:\n\u00a0 b: 1\n", "2:1"),
            ("a:\n  \u00a0b: 1\n", "2:3"),
            ("a:\n  b: 1\n\u00a0\u00a0c: 1\n", "3:1"),
            ("a: 1\n\u00a0\nb: 2\n", "2:1"),
        ],
    )
    def test_a_no_break_space_as_indentation_is_refused_on_its_line(
        self, monkeypatch: pytest.MonkeyPatch, loader: object, text: str, where: str
    ) -> None:
        monkeypatch.setattr(parser, "Loader", loader)
        assert fault(text) == f"{where}: a no-break space indents this line; indent with spaces"

    @pytest.mark.parametrize("text", ["a: |\n  \u00a0x\n", "a: x\u00a0y\n", "a: 1  # \u00a0\n"])
    def test_other_no_break_spaces_are_left_alone(self, text: str) -> None:
        assert read(text).data


class TestBounds:
    def test_accepts_exactly_a_mebibyte(self) -> None:
        assert read("a: " + "x" * ((1 << 20) - 3)).data

    @pytest.mark.parametrize("character", ["x", "é"])
    def test_refuses_more_than_a_mebibyte(self, character: str) -> None:
        text = "a: " + character * (((1 << 20) - 3) // len(character.encode()) + 1)
        assert fault(text) == "1:1: the file is larger than 1 MiB; split it into several files"

    def test_accepts_aliases(self) -> None:
        assert read("a: &x [1, 2]\nb: *x\nc: [*x, *x]").data["c"] == [[1, 2], [1, 2]]

    def test_refuses_an_alias_bomb_at_the_alias_that_goes_too_far(self) -> None:
        bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in pairwise("abcdefghij")
        )
        assert fault(bomb).startswith('5:11: the aliases up to "*d" repeat more than 20,000 values; ')

    def test_refuses_aliases_that_nest_too_deeply(self) -> None:
        chain = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 200))
        assert '"*a62" nests deeper than 64 levels' in fault(chain)

    def test_refuses_65_levels(self) -> None:
        assert fault("a: " + "[" * 64 + "]" * 64) == "1:67: this nests deeper than 64 levels; nest less deeply"

    def test_accepts_64_levels(self) -> None:
        assert read("a: " + "[" * 63 + "]" * 63).data

    @pytest.mark.parametrize("unit", ["[", "{", "- ", "? ", "a: [", "{a: "])
    def test_refuses_deeper_nesting(self, unit: str) -> None:
        assert "nests deeper than 64 levels" in fault(unit * 100_000)

    def test_refuses_too_many_values(self) -> None:
        assert "more than 100,000 values" in fault("a: [" + "1," * 100_000 + "]")

    @pytest.mark.parametrize(
        "text",
        [
            "a: [&a x," + "*a," * 300_000 + "]",
            "a: [" + "*b," * 300_000 + "]",
            "a: 1\n...\n" + "".join(f"%TAG !a{i}! b\n" for i in range(60_000)),
            "".join(f"%TAG !a{i}! b\n" for i in range(60_000)),
            "&a " * 300_000,
            f"a: [&{'x' * 500_000} 1, *{'x' * 499_999}y]",
            "a:\n" + "- &a x\n" * 100_000,
            "a: " + "1_" * 500_000,
            "a: " + "1:" * 500_000,
            "\0a" * 500_000,
            "\ta: 1\n" * 150_000,
            "\u00a0a\n" * 200_000,
            "a: {" + "b: #x\n" * 150_000,
            "a: {'" + '\\"' * 400_000,
            "a: #" + "x }" * 300_000 + "\nb: yes",
            "a: #x" + " " * 900_000 + "y\nb: yes",
        ],
        ids=str.__len__,
    )
    def test_refuses_floods_without_effort(self, text: str) -> None:
        assert (
            1 <= len(diagnostics(text)) <= 100
            if text[:4] not in {"a: 1", "a: 1:"} or "\n" in text
            else diagnostics(text)
        )


ALPHABET = st.sampled_from(
    [*"ab1:-[]{}&*!|>'\"%@`#,?~ \n\t\\0_.", "\r\n", "é", "日", "😀", "yes", "- ", ": ", "\n  ", "<<"]
)


class TestProperties:
    @settings(max_examples=400, deadline=2000)
    @given(st.binary(max_size=400))
    @example(b"\xff\xfea\0")
    def test_any_bytes_give_a_document_or_a_spec_error(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "any.yaml"
        path.write_bytes(content)
        with suppress(SourceError):  # anything else fails the test
            read_file(path, shown="any.yaml", pointer="any.yaml")

    @settings(max_examples=1500, deadline=2000)
    @given(st.lists(ALPHABET, max_size=60).map("".join), st.sampled_from([parser.Loader, yaml.SafeLoader]))
    def test_every_place_lies_inside_the_text(self, text: str, loader: object) -> None:
        before = parser.Loader
        parser.Loader = loader
        try:
            found = list(spans(read(text).data))
        except SpecError as error:
            found = [diagnostic.span for diagnostic in error.diagnostics]
        finally:
            parser.Loader = before
        ends = [len(line.removesuffix("\r")) + 1 for line in text.split("\n")]
        for span in found:
            assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)
            assert span.end_line <= len(ends)
            assert span.column <= ends[span.line - 1]
            assert span.end_column <= ends[span.end_line - 1] + 1

    @settings(max_examples=300)
    @given(
        st.lists(st.text("aé日😀1x/%", min_size=1, max_size=9).map(lambda t: f"v{t}"), min_size=1),
        st.booleans(),
    )
    def test_the_span_of_a_plain_value_covers_what_was_written(self, written: list[str], crlf: bool) -> None:  # noqa: FBT001 - hypothesis passes it
        line_end = "\r\n" if crlf else "\n"
        text = "ключ:" + line_end + line_end.join(f"  -   {value}   # c" for value in written)
        items = read(text).data["ключ"]
        assert isinstance(items, Seq)
        assert [cut(text, place.value) for place in items.places] == written == list(items)

    @given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-1000, max_value=1000))
    def test_numbers_are_exactly_what_was_written(self, number: Decimal) -> None:
        assert read(f"a: {number:f}").data["a"] == number


class TestReading:
    def test_names_the_place_of_a_byte_that_is_not_utf_8(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_bytes("\ufeffä: 1\né: 日".encode() + b"\xff\n")
        with pytest.raises(SourceError, match=r"^a\.yaml:2:5: the byte 0xFF is not UTF-8; save the file as UTF-8$"):
            read_file(tmp_path / "a.yaml", shown="a.yaml", pointer="a.yaml")

    def test_counts_columns_without_the_byte_order_mark(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_bytes("\ufeffä: ".encode() + b"\xff\n")
        with pytest.raises(SourceError, match=r"^a\.yaml:1:4: "):
            read_file(tmp_path / "a.yaml", shown="a.yaml", pointer="a.yaml")

    def test_reads_no_more_than_it_accepts(self, tmp_path: Path) -> None:
        with (tmp_path / "a.yaml").open("wb") as file:
            file.truncate(1 << 40)
        with pytest.raises(SourceError, match="larger than 1 MiB"):
            read_file(tmp_path / "a.yaml", shown="a.yaml", pointer="a.yaml")

    def test_does_not_follow_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "b.yaml").write_text("a: 1")
        (tmp_path / "a.yaml").symlink_to("b.yaml")
        with pytest.raises(SourceError, match="this cannot be read"):
            read_file(tmp_path / "a.yaml", shown="a.yaml", pointer="a.yaml")

    def test_says_that_a_file_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match=r"^a\.yaml:1:1: this cannot be read \(No such file or directory\); "):
            read_file(tmp_path / "a.yaml", shown="a.yaml", pointer="a.yaml")

    @pytest.mark.parametrize("special", [os.mkfifo, os.mkdir])
    def test_does_not_wait_for_what_is_no_file(self, tmp_path: Path, special: Callable[[Path], None]) -> None:
        special(tmp_path / "a.yaml")
        with pytest.raises(SourceError, match="not a regular file"):
            read_file(tmp_path / "a.yaml", shown="a.yaml", pointer="a.yaml")


def tree_faults(root: Path) -> list[str]:
    with pytest.raises(SourceError) as caught:
        read_tree(root)
    return [str(diagnostic).removeprefix(f"{root}/") for diagnostic in caught.value.diagnostics]


class TestTree:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        root = tmp_path / "mine"
        (root / "services").mkdir(parents=True)
        (root / "platform.yaml").write_text("a: 1\n")
        (root / "services" / "b.yaml").write_text("b: 1\n")
        return root

    def test_is_read_in_the_order_of_its_paths(self, root: Path) -> None:
        (root / "services-2.yaml").write_text("c: 1\n")
        pointers = [document.pointer for document in read_tree(root)]
        assert pointers == ["specs/platform.yaml", "specs/services-2.yaml", "specs/services/b.yaml"]

    def test_shows_paths_as_the_user_typed_them(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(root.parent)
        assert [d.path for d in read_tree(Path("mine"))] == ["mine/platform.yaml", "mine/services/b.yaml"]

    def test_ignores_hidden_and_other_files(self, root: Path) -> None:
        (root / ".git").mkdir()
        (root / ".git" / "x.yaml").write_text("yes")
        (root / ".#b.yaml").symlink_to("nowhere")
        (root / "README.md").symlink_to("nowhere")
        (root / "core-api.prom").write_text("x 1")
        assert len(read_tree(root)) == 2

    def test_reports_the_faults_of_all_files_together(self, root: Path) -> None:
        (root / "platform.yaml").write_text("a: on\n")
        (root / "services" / "b.yaml").write_text("b: [1\n")
        assert [line.split(" ")[0] for line in tree_faults(root)] == [
            "platform.yaml:1:4:",
            "services/b.yaml:1:4:",
        ]

    @pytest.mark.parametrize(
        ("name", "target"),
        [
            ("l.yaml", "platform.yaml"),
            ("l.yaml", "/etc/hostname"),
            ("l.yaml", "l.yaml"),
            ("l.yaml", "no"),
            ("l", ".."),
            ("l", "services"),
        ],
    )
    def test_refuses_symbolic_links(self, root: Path, name: str, target: str) -> None:
        (root / name).symlink_to(target)
        assert tree_faults(root)[0].startswith(f"{name}:1:1: symbolic links are not followed; ")

    def test_may_itself_be_reached_by_a_link(self, root: Path) -> None:
        (root.parent / "link").symlink_to(root)
        assert len(read_tree(root.parent / "link")) == 2

    def test_refuses_pipes_and_sockets(self, root: Path) -> None:
        os.mkfifo(root / "p.yaml")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(root / "s.yaml"))
        assert [line.split(";")[0] for line in tree_faults(root)] == [
            "p.yaml:1:1: this is not a regular file",
            "s.yaml:1:1: this is not a regular file",
        ]

    @pytest.mark.parametrize("content", ["", "inner.yaml"])
    def test_refuses_a_folder_that_is_named_like_a_spec(self, root: Path, content: str) -> None:
        (root / "f.yaml").mkdir()
        if content:
            (root / "f.yaml" / content).write_text("a: 1\n")
        (only,) = tree_faults(root)
        assert only.startswith("f.yaml:1:1: this is a folder and not a regular file; remove it, or rename it")

    @pytest.mark.parametrize("name", ["c.yml", "c.YAML", "c.Yml"])
    def test_asks_for_the_right_suffix(self, root: Path, name: str) -> None:
        (root / name).write_text("a: 1")
        assert tree_faults(root)[0].endswith('; rename it to "c.yaml"')

    @pytest.mark.parametrize("name", [b"a\x1b[31m.yaml", b"a\nb.yaml", b"\xff.yaml", "a\u202eb.yaml".encode()])
    def test_refuses_names_that_do_not_print(self, root: Path, name: bytes) -> None:
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_text("a: 1")
        (only,) = tree_faults(root)
        assert only.isprintable()
        assert "the name holds a character that does not print; rename it" in only

    def test_says_which_folder_cannot_be_read(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (root / "services").chmod(0)
        monkeypatch.chdir(root)
        user = os.geteuid()
        os.seteuid(user or 65534)  # permissions do not bind root
        try:
            found = tree_faults(Path())
        finally:
            os.seteuid(user)
            (root / "services").chmod(0o755)
        assert "services:1:1: this cannot be read (Permission denied); correct the path or its permissions" in found

    def test_that_is_missing_is_a_wrong_usage(self, root: Path) -> None:
        with pytest.raises(UsageError, match='no" is not a folder; name the folder of the specs by --specs'):
            read_tree(root / "no")

    def test_that_is_a_file_is_a_wrong_usage(self, root: Path) -> None:
        with pytest.raises(UsageError, match="is not a folder"):
            read_tree(root / "platform.yaml")

    def test_without_a_spec_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(RefusedError, match="holds no spec"):
            read_tree(tmp_path)
