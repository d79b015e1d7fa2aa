"""The examples with data frames of the integrator's guide run and say what the guide says."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"


def blocks(page: str, marker: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"<!-- {marker} -->\n```{language}\n(.*?)```", text, re.S)
    return found


def test_examples_with_frames_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = blocks("policy-author.md", "complete policy", "yaml")[0]
    (tmp_path / "elder-allowance.yaml").write_text(policy, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    evaluated, ingested = blocks("integrator.md", "runs with frames", "python")
    exec(compile(evaluated, "integrator.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["0", "A-17", "eligible", "10000"]
    assert lines[2].split() == ["1", "A-18", "unknown", "<NA>"]
    assert lines[3] == "()"
    exec(compile(ingested, "integrator.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["1 {'uscc: wrong check digit': 1}", "1"]
