"""`zhida explain` with facts given by hand: no home, no database, every form it can take."""

import itertools
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.cli import KNOWN_ERRORS, app

POLICY = """\
policy: elder
version: 1
title: {zh: 高龄津贴, en: Allowance for the old}
audience: resident
authority: 市局
level: city
basis: [{document: 办法}]
parameters:
  age_from: {label: {zh: 起始年龄, en: Age from}, value: 80, source: 办法一}
clauses:
  - {id: old, says: {zh: 年满80周岁, en: at least 80}, source: 办法二, when: "$years(birth_date, as_of) >= age_from"}
benefit: {amount: 100, unit: yuan/month}
"""  # noqa: E501
ID_NUMBER = "110101199003071234"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "elder.yaml").write_text(POLICY, encoding="utf-8")
    lines = [
        {"subject": "A-17", "as_of": "2025-09-01", "facts": {"birth_date": "1940-01-01"}},
        {"subject": ID_NUMBER, "as_of": "2025-09-01", "facts": {"birth_date": "1950-01-01"}},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "people.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


def explain(folder: Path, *arguments: str, code: int = 0) -> str:
    command = ["explain", "--policies", str(folder), "--subjects", str(folder / "people.jsonl")]
    result = CliRunner().invoke(app, [*command, *arguments])
    if code == 1 and result.exception is not None:
        assert isinstance(result.exception, KNOWN_ERRORS)
        return result.output
    assert result.exit_code == code, result.output
    return result.output


def test_a_subject_given_by_hand_is_explained_without_a_home(folder: Path) -> None:
    (told,) = json.loads(explain(folder, "--subject", "A-17", "--format", "json"))
    assert told["format"] == "zhida-explanation-1"
    assert (told["subject"], told["verdict"], told["amount"]) == ("A-17", "eligible", "100.00")
    text = explain(folder, "--subject", "A-17", "--lang", "zh")
    assert "自出生日期至运行日的周年数 ≥ 起始年龄" in text
    assert "1940年1月1日" in text


def test_an_identity_number_used_as_a_subjects_name_is_masked(folder: Path) -> None:
    for form in ("text", "json", "html"):
        told = explain(folder, "--subject", ID_NUMBER, "--format", form)
        assert ID_NUMBER not in told
    everybody = json.loads(explain(folder, "--format", "json"))
    assert [told["verdict"] for told in everybody] == ["eligible", "ineligible"]


class Outline(HTMLParser):
    """What a page consists of: its tags, and those that were never closed."""

    VOID = ("meta", "br", "link", "img")

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_is_whole_says_its_languages_and_needs_nothing_else(folder: Path) -> None:
    text = explain(folder, "--subject", "A-17", "--format", "html")
    outline = Outline()
    outline.feed(text)
    assert outline.open == []
    tags = [tag for tag, _ in outline.tags]
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert "http" not in text
    assert "@import" not in text
    assert [a["lang"] for tag, a in outline.tags if tag == "article"] == ["zh-CN", "en"]
    headings = [int(tag[1]) for tag in tags if tag in ("h1", "h2", "h3", "h4")]
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings))
    assert all("scope" in a for tag, a in outline.tags if tag == "th")
    assert "@media print" in text
    only = explain(folder, "--subject", "A-17", "--format", "html", "--lang", "en")
    assert 'lang="zh-CN"' not in only


def test_what_stands_in_a_policy_is_text_on_a_page(folder: Path) -> None:
    marked = POLICY.replace("年满80周岁", "<b>满80</b> & 以上")
    (folder / "elder.yaml").write_text(marked, encoding="utf-8")
    text = explain(folder, "--subject", "A-17", "--format", "html")
    assert "&lt;b&gt;满80&lt;/b&gt; &amp; 以上" in text
    assert "<b>满80" not in text


def test_a_policy_named_after_the_subjects_file_narrows_it(folder: Path) -> None:
    (told,) = json.loads(explain(folder, "elder", "--subject", "A-17", "--format", "json"))
    assert told["policy"] == "elder"
    explain(folder, "younger", "--subject", "A-17", code=1)


def test_wrong_usage_is_told(folder: Path) -> None:
    explain(folder, "--format", "pdf", code=2)
    explain(folder, "--lang", "de", code=2)
    assert CliRunner().invoke(app, ["explain"]).exit_code == 2
