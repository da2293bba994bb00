from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.console.diagnostics import EXCERPT_COLUMNS, Style, count, pick_style, render, underlined
from watchbill.errors import Diagnostic, DiagnosticLevel, Span

PLACE = Span("a.yaml", 2, 4, 2, 6)
ERROR = Diagnostic(PLACE, "spec/unknown-key", 'SLI field "totl" is unknown', 'use "total"')
WARNING = Diagnostic(
    Span("a.yaml", 1, 1, 1, 2), "slo/wrong-tiers", "the floor is low", "raise it", DiagnosticLevel.WARNING
)
TEXTS = {"a.yaml": "a: 1\nb: yes\n"}
WHERE = "file=a.yaml,line=1,endLine=1,col=1,endColumn=2"
BELOW = "file=a.yaml,line=2,endLine=2,col=4,endColumn=6"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def on(line: str, start: int, end: int) -> tuple[str, str]:
    return underlined(line, Span("a.yaml", 1, start, 1, end))


class TestText:
    def test_is_a_sorted_line_for_each_fault_and_a_count(self) -> None:
        assert render([ERROR, WARNING, ERROR], style=Style.PLAIN, texts=TEXTS) == (
            "a.yaml:1:1: warning: the floor is low; raise it [slo/wrong-tiers]\n"
            'a.yaml:2:4: SLI field "totl" is unknown; use "total" [spec/unknown-key]\n'
            "1 error, 1 warning"
        )

    def test_of_nothing_is_nothing(self) -> None:
        assert render([], style=Style.PLAIN, texts={}) == ""

    @pytest.mark.parametrize(
        ("found", "expected"),
        [
            ([ERROR], "1 error"),
            ([ERROR] * 3 + [WARNING], "3 errors, 1 warning"),
            ([WARNING] * 2, "2 warnings"),
        ],
    )
    def test_counts_by_level(self, found: list[Diagnostic], expected: str) -> None:
        assert count(found) == expected

    def test_on_a_terminal_underlines_the_source(self) -> None:
        lines = render([ERROR], style=Style.TERMINAL, texts=TEXTS).split("\n")
        assert lines[1:3] == ["    b: yes", "       ^~"]

    def test_in_colour_is_the_text_of_a_terminal_and_colours(self) -> None:
        coloured = render([ERROR, WARNING], style=Style.COLOUR, texts=TEXTS)
        plain = render([ERROR, WARNING], style=Style.TERMINAL, texts=TEXTS)
        assert (ANSI.sub("", coloured), "\x1b[31m^~\x1b[0m" in coloured, "\x1b[33m^\x1b[0m" in coloured) == (
            plain,
            True,
            True,
        )

    @pytest.mark.parametrize("texts", [{}, {"a.yaml": ""}, {"a.yaml": "a\n   \n"}])
    def test_goes_without_an_excerpt_where_there_is_none(self, texts: dict[str, str]) -> None:
        assert len(render([ERROR], style=Style.TERMINAL, texts=texts).split("\n")) == 2

    def test_shows_a_line_without_its_carriage_return(self) -> None:
        assert "\r" not in render([ERROR], style=Style.TERMINAL, texts={"a.yaml": "a: 1\r\nb: yes\r\n"})

    def test_ignores_a_byte_order_mark(self) -> None:
        assert "\n    a: 1\n    ^\n" in render([WARNING], style=Style.TERMINAL, texts={"a.yaml": "\ufeffa: 1"})


class TestUnderline:
    @pytest.mark.parametrize(
        ("line", "start", "end", "expected"),
        [
            ("a: yes", 4, 7, ("a: yes", "   ^~~")),
            ("\ta: yes", 5, 8, ("    a: yes", "       ^~~")),
            ("日本: 語x", 5, 7, ("日本: 語x", "      ^~~")),
            ("e\u0301: x", 5, 6, ("e\u0301: x", "   ^")),
            ("a:", 3, 3, ("a:", "  ^")),
            ("a: b", 4, 4, ("a: b", "   ^")),
            ("a: b", 99, 120, ("a: b", "    ^")),
            ("a\u202eb: yes", 5, 8, ("a\\u202eb: yes", "         ^~~")),
        ],
    )
    def test_stands_below_the_text(self, line: str, start: int, end: int, expected: tuple[str, str]) -> None:
        assert on(line, start, end) == expected

    def test_of_several_lines_ends_with_the_first(self) -> None:
        assert underlined("a: [1,  ", Span("a.yaml", 1, 4, 3, 2)) == ("a: [1,  ", "   ^~~")

    def test_cuts_a_long_line_around_it(self) -> None:
        shown, marks = on("q" * 300 + "HERE" + "z" * 300, 301, 305)
        assert (shown[0], shown[-1], shown[marks.index("^") : len(marks)]) == ("…", "…", "HERE")

    def test_cuts_a_long_mark(self) -> None:
        shown, marks = on("a: " + "x" * 300, 4, 304)
        assert (shown[:2], shown[-1], marks[:2], len(marks)) == ("…x", "…", " ^", len(shown) - 1)

    def test_cuts_only_the_end_where_the_mark_is_near_the_start(self) -> None:
        assert on("ab" * 100, 1, 3)[0][:4] == "abab"

    def test_cuts_only_the_start_where_the_mark_is_near_the_end(self) -> None:
        assert on("ab" * 99 + "cd", 199, 201)[0][-4:] == "abcd"

    @given(
        st.text("ab\t日😀é\x1b\u0301", max_size=500),
        st.integers(1, 600),
        st.integers(0, 600),
    )
    def test_fits(self, line: str, start: int, length: int) -> None:
        for part in on(line, start, start + length):
            wide = sum(character in "日😀" for character in part) - part.count("\u0301")
            assert 4 + len(part) + wide <= EXCERPT_COLUMNS


class TestAnnotations:
    def test_name_the_place_on_github(self) -> None:
        assert render([ERROR, WARNING], style=Style.GITHUB, texts=TEXTS).split("\n") == [
            f"::warning {WHERE},title=slo/wrong-tiers::the floor is low; raise it",
            f'::error {BELOW},title=spec/unknown-key::SLI field "totl" is unknown; use "total"',
            "1 error, 1 warning",
        ]

    def test_have_no_columns_over_several_lines(self) -> None:
        found = [Diagnostic(Span("a.yaml", 1, 2, 3, 4), "spec/unknown-key", "x", "y")]
        assert render(found, style=Style.GITHUB, texts={}).startswith(
            "::error file=a.yaml,line=1,endLine=3,title=spec/unknown-key::x; y\n"
        )

    def test_escape_what_the_runner_reads(self) -> None:
        found = [
            Diagnostic(Span("a,b:c%\n.yaml", 1, 1, 1, 2), "spec/unknown-key", "100%\r\n::stop-commands::x", "a,b:c")
        ]
        assert render(found, style=Style.GITHUB, texts={}).split("\n")[0] == (
            "::error file=a%2Cb%3Ac%25%0A.yaml,line=1,endLine=1,col=1,endColumn=2,title=spec/unknown-key::"
            "100%25%0D%0A::stop-commands::x; a,b:c"
        )


class TestJson:
    def test_lists_every_field(self) -> None:
        assert json.loads(render([ERROR], style=Style.JSON, texts={})) == [
            {
                "file": "a.yaml",
                "line": 2,
                "column": 4,
                "end_line": 2,
                "end_column": 6,
                "level": "error",
                "code": "spec/unknown-key",
                "what": 'SLI field "totl" is unknown',
                "todo": 'use "total"',
            }
        ]

    def test_of_nothing_is_an_empty_list(self) -> None:
        assert json.loads(render([], style=Style.JSON, texts={})) == []


class TestSafety:
    @pytest.mark.parametrize("style", [Style.PLAIN, Style.TERMINAL, Style.GITHUB, Style.JSON])
    @given(text=st.text(st.characters(), max_size=40))
    def test_no_text_of_an_author_steers_the_output(self, style: Style, text: str) -> None:
        found = [Diagnostic(Span(text, 1, 1, 1, 3), "spec/unknown-key", text, text)]
        rendered = render(found, style=style, texts={text: text})
        assert all(line.isprintable() for line in rendered.split("\n"))

    @given(text=st.text(st.characters(), max_size=40))
    def test_no_text_of_an_author_adds_a_line(self, text: str) -> None:
        found = [Diagnostic(Span(text, 1, 1, 1, 3), "spec/unknown-key", text, text)]
        assert [render(found, style=s, texts={}).count("\n") for s in (Style.PLAIN, Style.GITHUB)] == [1, 1]

    @given(text=st.text(st.characters(), max_size=40))
    def test_colours_are_the_only_escape_sequences(self, text: str) -> None:
        rendered = render(
            [Diagnostic(Span(text, 1, 1, 1, 3), "spec/unknown-key", text, text)], style=Style.COLOUR, texts={text: text}
        )
        assert "\x1b" not in ANSI.sub("", rendered)

    def test_printable_text_stays_as_it_is(self) -> None:
        found = [Diagnostic(PLACE, "spec/unknown-key", "Größe 日本 😀", "x")]
        assert "Größe 日本 😀" in render(found, style=Style.PLAIN, texts={})


class TestPicking:
    @pytest.mark.parametrize(
        ("tty", "format_json", "environ", "expected"),
        [
            (True, False, {}, Style.COLOUR),
            (True, False, {"NO_COLOR": "1"}, Style.TERMINAL),
            (True, False, {"NO_COLOR": ""}, Style.COLOUR),
            (True, False, {"TERM": "dumb"}, Style.TERMINAL),
            (False, False, {}, Style.PLAIN),
            (False, False, {"GITHUB_ACTIONS": "true"}, Style.GITHUB),
            (False, False, {"GITHUB_ACTIONS": "false"}, Style.PLAIN),
            (True, True, {"GITHUB_ACTIONS": "true"}, Style.JSON),
        ],
    )
    def test_fits_where_the_output_goes(
        self,
        tty: bool,  # noqa: FBT001 - parametrised
        format_json: bool,  # noqa: FBT001 - parametrised
        environ: dict[str, str],
        expected: Style,
    ) -> None:
        assert pick_style(tty=tty, format_json=format_json, environ=environ) is expected
