"""What is read of promtool's words, in the form of each generation and of 3.16, which no distribution has yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchbill.errors import ToolError
from watchbill.model.proof import Proof, SampleCheck
from watchbill.proof import promtests
from watchbill.proof.promtests import Job
from watchbill.quantity import Duration
from watchbill.verify import promtool

FAILED = """\
  FAILED:
    expr: "up == 0", time: 1m,
        exp: nil
        got: {a="b"} 0E+00

"""
SAID = {
    "2.42": f"Unit Testing:  0.test.yml\n{FAILED}\nUnit Testing:  1.test.yml\n  SUCCESS\n\n",
    "3.5": f"{FAILED}\n  SUCCESS\n\n",
    "3.16": f"Processing test file: 0.test.yml\n{FAILED}\nProcessing test file: 1.test.yml\n  SUCCESS\n\n",
}


MINUTE = Duration.parse("1m")


def _job(name: str) -> Job:
    proof = Proof(
        subject="shop/Down",
        name="of a test",
        file="shop.test.yml",
        rule_files=(),
        alert="",
        groups=(),
        interval=MINUTE,
        evaluation=MINUTE,
        inputs=(),
        samples=(SampleCheck(case="stays quiet", at=MINUTE, expr="up == 0"),),
    )
    return Job(name, {"groups": []}, {}, (proof,))


def _run(said: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Run two jobs in one process of a promtool that says this."""
    monkeypatch.setattr(promtool, "say", lambda _tool, _arguments: said)
    return promtests.run(Path("promtool"), [_job("0"), _job("1")], folder, lambda _: None)


@pytest.mark.parametrize("release", SAID)
def test_the_name_of_the_next_file_is_no_part_of_what_failed(
    release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = _run(SAID[release], tmp_path, monkeypatch)
    assert list(said) == ["0"]
    (failure,) = promtests.failures(_job("0"), said["0"])
    assert failure.text == 'at 1m up == 0 should give nil, and gives {a="b"} 0E+00'


def test_a_file_that_is_named_and_has_no_result_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = "Processing test file: 0.test.yml\n  SUCCESS\n\nProcessing test file: 1.test.yml\n"
    with pytest.raises(ToolError, match="ran 1 of 2"):
        _run(lost, tmp_path, monkeypatch)
