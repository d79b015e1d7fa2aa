"""Pages of policies: all that a policy says stands there, in both languages, safe to open."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.catalogue_page import build_catalogue, build_frame_page, differences
from console.cli import app
from console.page import Grid, Outline, Page
from console.policy_page import build_page
from console.show_page import write_page
from engine.wording import Language
from policies.load import CATALOGUE, load_policies
from policies.policy import ClauseGroup, Policy, leaves_of
from tests.support.policy_texts import load_one, vocabulary

LOADED = load_policies([CATALOGUE], vocabulary())
BY_ID = {policy.id: policy for policy in LOADED.policies}
LANGUAGES: tuple[Language, ...] = ("zh", "en")
SHANDONG = "e01-job-retention-refund-shandong"
GUANGDONG = "e02-job-retention-refund-guangdong"


def text_of(page: Page) -> str:
    """All words of a page, one line for each row and entry."""
    lines = [page.title, page.subtitle]
    for section in page.sections:
        lines.append(section.heading)
        for block in section.blocks:
            if isinstance(block, Grid):
                lines += [block.caption, " | ".join(block.heads)]
                lines += [" | ".join(row) for row in block.rows]
            elif isinstance(block, Outline):
                for entry in block.entries:
                    lines += [f"{entry.lead} {entry.text} [{entry.mark}]", *entry.notes]
    return "\n".join(lines)


class Tags(HTMLParser):
    """Every tag that opens and closes, and all that stands between."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read_html(text: str) -> Tags:
    outline = Tags()
    outline.feed(text)
    outline.close()
    assert outline.open == []
    return outline


def sources_of(policy: Policy) -> set[str]:
    found = {span.source for parameter in policy.parameters for span in parameter.spans}
    found |= {leaf.source for leaf in leaves_of(policy.clauses)}
    found |= {step.source for step in policy.steps}
    found |= {fact.source for fact in policy.facts if "::" not in fact.name}
    return found - {""}


@pytest.mark.parametrize("id_", list(BY_ID))
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_all_that_the_policy_says(id_: str, language: Language) -> None:
    policy = BY_ID[id_]
    text = text_of(build_page(policy, vocabulary(), language))
    zh = language == "zh"
    for leaf in leaves_of(policy.clauses):
        assert ((leaf.says if zh else leaf.says_en) or leaf.id) in text
    for source in sources_of(policy):
        assert source in text
    for line in policy.basis:
        assert line.document in text
    for parameter in policy.parameters:
        assert (parameter.label or parameter.name if zh else parameter.label_en) in text
    for says in policy.not_modelled if zh else policy.not_modelled_en:
        assert says in text
    for step in policy.steps:
        assert (step.says if zh else step.says_en) in text


@pytest.mark.parametrize("id_", list(BY_ID))
def test_a_page_in_words_has_labels_where_the_condition_has_names(id_: str) -> None:
    policy = BY_ID[id_]
    page = build_page(policy, vocabulary(), "zh")
    notes = [
        note
        for section in page.sections
        for block in section.blocks
        if isinstance(block, Outline)
        for entry in block.entries
        for note in entry.notes
    ]
    labelled = {name for name, fact in vocabulary().facts.items() if fact.label_zh}
    for note in notes:
        plain = re.sub(r"“[^”]*”", "", note)
        assert not labelled & set(re.findall(r"[a-z][a-z0-9_]*_[a-z0-9_]+", plain)), note


def test_the_page_of_an_implementation_says_what_is_the_frames() -> None:
    text = text_of(build_page(BY_ID[GUANGDONG], vocabulary(), "zh"))
    assert "裁员率控制线（%） [母本]" in text
    assert "返还比例 [地方]" in text
    assert re.search(r"上年度未裁员或裁员率不高于控制线.*\[母本\]", text)
    assert re.search(r"生产经营活动符合.*\[地方\]", text)
    assert "job-retention-refund@2025.1" in text


def test_tables_stand_as_tables_with_the_last_row_for_all_others(tmp_path: Path) -> None:
    policy = load_one(
        tmp_path,
        "parameters:\n"
        "  x:\n"
        "    label: 标准额\n"
        "    by: [ent_size, is_zombie]\n"
        "    source: 三\n"
        "    rows: {else: {any: 1}, large: {true: 2, false: 3}}\n"
        "  y: {label: 比例, source: 四, value: 5.5%}\n"
        "  z: {label: 累进, by: revenue, source: 五, tiers: [{over: 0, up_to: 1万, rate: 2%}]}\n"
        "clauses: [{id: a, says: 一, when: is_zombie}]\n"
        "benefit: {amount: [x, {times: y}, {plus: z}]}\n",
    )
    page = build_page(policy, vocabulary(), "zh")
    (section,) = [section for section in page.sections if section.heading == "参数"]
    grids = [block for block in section.blocks if isinstance(block, Grid)]
    assert grids[0].heads == ("企业划型", "僵尸企业", "标准")
    assert [row[:2] for row in grids[0].rows] == [
        ("large", "是"),
        ("large", "否"),
        ("其他", "不限"),
    ]
    assert grids[1].caption.startswith("5.5%")
    assert "2%" in grids[2].rows[0][0]


def test_decision_tables_stand_as_tables_with_hit_policy_and_source(tmp_path: Path) -> None:
    policy = load_one(
        tmp_path,
        "tables:\n"
        "  grade:\n"
        "    label: 补助档次\n"
        "    source: 办法 三\n"
        "    inputs: [ent_size, is_zombie]\n"
        "    outputs: [{label: {zh: 补助额, en: amount}}]\n"
        "    hit: unique\n"
        "    default: 1\n"
        "    rows: [[small, 'false', 5], ['not(small)', 'false', 3], [any, 'true', 0]]\n"
        'clauses: [{id: a, says: 一, when: ent_size != "large"}]\n'
        "benefit: {amount: grade}\n",
    )
    page = build_page(policy, vocabulary(), "zh")
    (section,) = [section for section in page.sections if section.heading == "决策表"]
    outline, grid = section.blocks
    assert isinstance(outline, Outline)
    assert outline.entries[0].text == "补助档次"
    assert isinstance(grid, Grid)
    assert grid.heads == ("", "企业划型", "僵尸企业", "→ 补助额")
    assert grid.rows[0] == ("1", "small", "false", "5")
    assert "命中规则：unique, 唯一命中" in grid.caption
    assert "无行命中时：1" in grid.caption
    assert "〔办法 三〕" in grid.caption


GUIDE = Path(__file__).parents[3] / "docs" / "policy-author.md"
BLOCKS = re.findall(
    r"<!-- complete policy -->\n```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_policy_of_the_guide_has_a_page(tmp_path: Path, language: Language) -> None:
    assert BLOCKS
    for number, block in enumerate(BLOCKS):
        file = tmp_path / f"{number}.yaml"
        file.write_text(block, encoding="utf-8")
        if "file: " in block:
            continue  # its table stands in a file beside it
        loaded = load_policies([file], vocabulary())
        for policy in loaded.policies:
            text = text_of(build_page(policy, vocabulary(), language))
            rows = policy.each.clauses if policy.each else ()
            for leaf in leaves_of((*policy.clauses, *rows)):
                assert ((leaf.says if language == "zh" else leaf.says_en) or leaf.id) in text


ROWS = """\
rows:
  loans:
    label: {zh: 贷款, en: loans}
    columns:
      contract: {type: code, label: {zh: 合同号, en: contract}}
      lent_on: {type: date, label: {zh: 放款日, en: lent on}}
      principal: {type: money, label: {zh: 本金, en: principal}}
      overdue: {type: boolean, label: {zh: 逾期, en: overdue}}
facts:
  sound_loans: {label: 正常贷款数, from: loans, where: not overdue, count: rows}
parameters:
  cap: {label: 本金上限, value: 100万, source: 二}
clauses: [{id: some, says: 有正常贷款, when: sound_loans > 0}]
each:
  row: loans
  claim: {of: contract, group: interest}
  limits: [{on: principal, up_to: cap, order: lent_on, as: counted, says: 计入本金, source: 二}]
  clauses: [{id: sound, says: 未逾期, source: 三, when: not overdue}]
  amount: [counted, {times: 1%, says: 贴息1%, source: 四}]
benefit: {kind: cash}
"""


def test_a_page_says_what_each_row_needs_gets_shares_and_uses_up(tmp_path: Path) -> None:
    policy = load_one(tmp_path, ROWS)
    page = build_page(policy, vocabulary(), "zh")
    (section,) = [s for s in page.sections if s.heading.startswith("逐项判定")]
    assert section.heading.endswith("：贷款")
    text = text_of(page)
    for words in (
        "未逾期 〔三〕",
        "逾期：否",
        "本金合计不超过本金上限",
        "先后次序：放款日",
        "每个合同号在“interest”各政策中只用一次",
        "贴息1% 〔四〕",
        "贷款：记录的个数，限于 逾期：否",
    ):
        assert words in text


def test_an_english_page_has_no_chinese_around_the_policy(tmp_path: Path) -> None:
    policy = load_one(
        tmp_path,
        "clauses: [{id: a, says: {zh: 一, en: one}, when: not is_zombie}]\n"
        "benefit: {amount: 1}\nrecipient: guardian\n",
    )
    page = build_page(policy, vocabulary(), "en")
    words = "\n".join(
        [section.heading for section in page.sections] + [text_of(page).split("Clauses")[1]]
    )
    assert not re.search(r"[\u4e00-\u9fff]", words)
    assert "nobody but the subject is told yet, not its guardian" in words


def test_a_dated_parameter_shows_each_value_with_its_days_and_document() -> None:
    dated = [
        (policy, parameter)
        for policy in LOADED.policies
        for parameter in policy.parameters
        if len(parameter.spans) > 1
    ]
    assert dated
    for policy, parameter in dated:
        text = text_of(build_page(policy, vocabulary(), "zh"))
        for span in parameter.spans:
            assert f"自{span.start}" in text or span.start.year == 1
            assert f"〔{span.source}〕" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_of_html_is_whole_without_scripts_and_escapes(
    tmp_path: Path, language: Language
) -> None:
    policy = load_one(
        tmp_path,
        "clauses: [{id: a, says: '<script>alert(1)</script>', when: is_zombie}]\n"
        "benefit: {amount: 1}\n",
    )
    pages = [build_page(policy, vocabulary(), language)]
    pages += [build_page(policy, vocabulary(), language) for policy in LOADED.policies]
    outline = read_html(write_page(pages))
    assert "script" not in outline.tags
    assert any("<script>alert(1)</script>" in word for word in outline.words)
    assert outline.tags.count("h1") == len(pages)
    assert "link" not in outline.tags
    assert "img" not in outline.tags


def test_differences_of_a_frame_are_told_element_by_element() -> None:
    (frame,) = [frame for frame in LOADED.frames if frame.id == "job-retention-refund"]
    (section,) = differences(frame, LOADED.policies, vocabulary(), "zh")
    (grid,) = section.blocks
    assert isinstance(grid, Grid)
    rows = {row[0]: row[1:] for row in grid.rows}
    assert grid.heads[1:] == (BY_ID[SHANDONG].title_zh, BY_ID[GUANGDONG].title_zh)
    assert rows["返还比例"] == (
        "large：30%；medium、small、micro：60% 〔鲁人社字〔2025〕52号〕",
        "large：20%；medium、small、micro：40% 〔粤人社规〔2024〕16号〕",
    )
    assert rows["条款 employer"][1] == "—"
    assert rows["条款 excluded"][0] == "—"
    assert "金额如何得出" not in rows  # the same for both


def test_a_page_of_a_frame_says_what_it_leaves_open() -> None:
    (frame,) = [frame for frame in LOADED.frames if frame.id == "job-retention-refund"]
    text = text_of(build_frame_page(frame, LOADED.policies, vocabulary(), "zh"))
    required = "地方必须规定、不高于large 50%、medium, small, micro 90%"
    assert f"parameters refund_rate  返还比例 [{required}]" in text
    assert re.search(r"clauses few-layoffs.*\[统一\]", text)
    assert f"{SHANDONG}@2025.1" in text


def test_the_catalogue_lists_every_policy_once() -> None:
    page = build_catalogue(LOADED.policies, LOADED.frames, vocabulary(), "en")
    grid = page.sections[0].blocks[0]
    assert isinstance(grid, Grid)
    assert [row[0] for row in grid.rows] == [policy.key for policy in LOADED.policies]


# the commands


def call(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_show_takes_an_id_a_version_and_a_file() -> None:
    by_id = read_html(call("show", SHANDONG, "--format", "html")).words
    by_key = read_html(call("show", f"{SHANDONG}@2025.1", "--format", "html")).words
    file = BY_ID[SHANDONG].file
    by_file = read_html(call("show", file, "--format", "html")).words
    assert by_id == by_key == by_file
    frame = call("show", "job-retention-refund", "--format", "html", "--lang", "en")
    assert "to be set locally" in frame


def test_catalogue_as_json_has_every_element() -> None:
    told = json.loads(call("catalogue", "list", "--format", "json"))
    assert {policy["policy"] for policy in told["policies"]} == set(BY_ID)
    (frame,) = [f for f in told["frames"] if f["frame"] == "job-retention-refund@2025.1"]
    assert frame["implemented_by"] == [f"{SHANDONG}@2025.1", f"{GUANGDONG}@2024.1"]
    shandong = next(p for p in told["policies"] if p["policy"] == SHANDONG)
    assert shandong["elements"]["裁员率控制线（%）"].startswith("≤ 30人：20%")


def test_groups_of_clauses_say_how_they_count() -> None:
    policy = BY_ID[GUANGDONG]
    assert any(isinstance(clause, ClauseGroup) for clause in policy.clauses)
    assert "(均不得有) 不属于下列情形" in text_of(build_page(policy, vocabulary(), "zh"))
