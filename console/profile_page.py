"""A profile for people, one page a language: 一人一档 for a person, 一企一档 for a firm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import polars as pl

from console.answer_words import say_answer
from console.page import Grid, Page, Section
from engine.shown_value import mask, show_fen, show_plain, show_value
from engine.wording import Language
from profiles.dataset import Column, Dataset, Label
from profiles.fact import Fact
from profiles.subject_profile import (
    PERSONAL,
    Profile,
    ProfileFact,
    ProfileSource,
    Standing,
)

MASK = "＊＊＊"
Words = Mapping[str, str]
WORDS: Mapping[Language, Words] = {
    "zh": {
        "title": "{kind}档案",
        "enterprise": "一企一档 · 企业",
        "resident": "一人一档 · 个人",
        "household": "一户一档 · 家庭",
        "subtitle": "代号 {subject}，截至 {as_of}，快照 {snapshot}",
        "fact": "事实",
        "value": "值",
        "why": "说明",
        "worked out": "由其他事实推算",
        "by hand": "没有数据集提供的事实（缺失）",
        "comma": "、",
        "name": "名称",
        "release": "批次 {release}，{delivered_on} 交付",
        "fresh": "时效至 {fresh_until}",
        "lasting": "不过期",
        "stale": "已过期（时效至 {fresh_until}），其事实视为缺失",
        "never": "从未交付，其事实缺失",
        "aside": "本对象有行被隔离，其事实视为缺失",
        "unclear": "本对象的标识变更相互矛盾，其事实视为缺失",
        "rows": "行（{count}）",
        "none": "没有行",
        "more": "另有 {count} 行未列出",
        "masked": f"{MASK} 为个人信息，未显示",
        "for": "显示个人信息，用途：{purpose}（已记入日志）",
        "lacks": "缺 {facts}",
        "yes": "是",
        "no": "否",
    },
    "en": {
        "title": "Profile of {kind}",
        "enterprise": "an enterprise",
        "resident": "a resident",
        "household": "a household",
        "subtitle": "{subject}, as of {as_of}, snapshot {snapshot}",
        "fact": "fact",
        "value": "value",
        "why": "note",
        "worked out": "Worked out from other facts",
        "by hand": "Facts that no dataset delivers (missing)",
        "comma": ", ",
        "name": "name",
        "release": "release {release}, delivered {delivered_on}",
        "fresh": "fresh until {fresh_until}",
        "lasting": "does not age",
        "stale": "stale (fresh until {fresh_until}): its facts count as missing",
        "never": "never delivered: its facts are missing",
        "aside": "rows of this subject were set aside: its facts count as missing",
        "unclear": "changes of its identifier contradict each other: its facts count as missing",
        "rows": "rows ({count})",
        "none": "no rows",
        "more": "{count} more rows are not listed",
        "masked": f"{MASK} is personal and not shown",
        "for": "personal data is shown, for: {purpose} (the journal says so)",
        "lacks": "lacks {facts}",
        "yes": "yes",
        "no": "no",
    },
}
STANDINGS: Mapping[Standing, tuple[str, str]] = {
    "known": ("", ""),
    "does not apply": ("不适用", "does not apply"),
    "never delivered": ("缺失：数据集从未交付", "missing: the dataset was never delivered"),
    "stale": ("缺失：最新批次已过期", "missing: the newest release is stale"),
    "set aside": ("缺失：本对象的行被隔离", "missing: rows of this subject were set aside"),
    "identifier unclear": (
        "缺失：标识变更相互矛盾",
        "missing: changes of its identifier contradict each other",
    ),
    "no row": ("缺失：没有行", "missing: no row"),
    "rows do not say": ("缺失：各行未载明", "missing: its rows do not say"),
    "not worked out": ("无法推算", "cannot be worked out"),
    "by hand only": ("缺失：无数据集提供", "missing: no dataset delivers it"),
}
NO_AUTHORITY = ("，且非全量库，不能视为无", ", and no authority says that this means none")
MAX_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRows:
    """Rows of a dataset as they may be shown: `hidden` names the columns that are masked."""

    dataset: Dataset
    frame: pl.DataFrame
    hidden: frozenset[str]


def build_pages(
    profile: Profile, rows: Sequence[ShownRows], purpose: str | None, languages: Sequence[Language]
) -> list[Page]:
    """The profile as a page in each language; `purpose` of whoever is shown what is personal."""
    return [_build_page(profile, rows, purpose, language) for language in languages]


def why(told: ProfileFact, profile: Profile) -> tuple[str, str]:
    """Why a fact has no value, or the value that the subject itself gave, in Chinese and English;
    empty where a department's value stands."""
    zh, en = STANDINGS[told.standing]
    if told.answer is not None:
        said = say_answer(told.answer, "zh"), say_answer(told.answer, "en")
        return (f"{zh}；{said[0]}", f"{en}; {said[1]}") if zh else said
    if told.standing == "no row" and told.dataset:
        dataset = profile.sources[told.dataset].dataset
        if dataset.complete is None:
            return zh + NO_AUTHORITY[0], en + NO_AUTHORITY[1]
    return zh, en


def shown_value(told: ProfileFact, revealed: bool) -> tuple[str | None, str | None]:
    """A fact's value with its unit in Chinese and English, masked unless it may be shown."""
    if told.value is None:
        return None, None
    if told.masked:
        return (MASK, MASK) if not revealed else (str(told.value), str(told.value))
    if isinstance(told.value, str) and revealed:
        return told.value, told.value
    return show_value(told.value, told.fact)


def _build_page(
    profile: Profile, rows: Sequence[ShownRows], purpose: str | None, language: Language
) -> Page:
    words = WORDS[language]
    sections = [
        section
        for source in profile.sources.values()
        if (section := _of_dataset(profile, source, rows, purpose, language)) is not None
    ]
    worked_out = [t for t in profile.facts if t.fact.formula is not None and not t.dataset]
    by_hand = [t for t in profile.facts if t.fact.formula is None and not t.dataset]
    if worked_out:
        grid = _facts_grid(profile, worked_out, purpose, language)
        sections.append(Section(heading=words["worked out"], blocks=(grid,)))
    if by_hand:
        names = words["comma"].join(_fact_label(told.fact, language) for told in by_hand)
        sections.append(Section(heading=words["by hand"], blocks=(Grid(rows=(), notes=(names,)),)))
    about = words["subtitle"].format(
        subject=profile.subject, as_of=profile.as_of, snapshot=profile.snapshot[:12]
    )
    shown = words["for"].format(purpose=purpose) if purpose else words["masked"]
    return Page(
        title=words["title"].format(kind=words[profile.kind]),
        subtitle=about + ("；" if language == "zh" else "; ") + shown,
        language=language,
        sections=tuple(sections),
    )


def _of_dataset(
    profile: Profile,
    source: ProfileSource,
    rows: Sequence[ShownRows],
    purpose: str | None,
    language: Language,
) -> Section | None:
    """A dataset with its facts and rows; None where it has neither."""
    name = source.dataset.name
    facts = [told for told in profile.facts if told.dataset == name]
    shown = [found for found in rows if found.dataset.name == name]
    if not facts and not shown:
        return None
    blocks = [
        Grid(rows=(), notes=(_say_source(source, language),)),
        *([_facts_grid(profile, facts, purpose, language)] if facts else []),
        *(_rows_grid(found, language) for found in shown),
    ]
    department = pick(source.dataset.department, language)
    return Section(
        heading=f"{department} · {pick(source.dataset.title, language)} ({name})",
        blocks=tuple(blocks),
    )


def _say_source(source: ProfileSource, language: Language) -> str:
    words = WORDS[language]
    if source.release is None or source.delivered_on is None:
        return words["never"]
    told = words["release"].format(
        release=source.release[:12], delivered_on=source.delivered_on.isoformat()
    )
    age = "stale" if source.stale else "fresh" if source.fresh_until else "lasting"
    parts = [told, words[age].format(fresh_until=source.fresh_until)]
    if source.set_aside:
        parts.append(words["aside"])
    if source.unclear:
        parts.append(words["unclear"])
    return ("；" if language == "zh" else "; ").join(parts)


def _facts_grid(
    profile: Profile, facts: Sequence[ProfileFact], purpose: str | None, language: Language
) -> Grid:
    words, place = WORDS[language], 0 if language == "zh" else 1
    lines = []
    for told in facts:
        value = shown_value(told, purpose is not None)[place]
        note = why(told, profile)[place]
        if told.missing:
            labels = [_label_of(profile, name, language) for name in told.missing]
            joined = words["comma"].join(labels)
            note += ("，" if language == "zh" else ": ") + words["lacks"].format(facts=joined)
        lines.append((_fact_label(told.fact, language), value or "—", note, told.fact.name))
    heads = (words["fact"], words["value"], words["why"], words["name"])
    return Grid(rows=tuple(lines), heads=heads)


def _rows_grid(shown: ShownRows, language: Language) -> Grid:
    words = WORDS[language]
    heads, cells = [], []
    height = shown.frame.height
    for name, column in shown.dataset.columns.items():
        if name == shown.dataset.key:
            continue
        heads.append(pick(column.label, language) or name)
        if name in shown.hidden or name not in shown.frame.columns:
            cells.append([MASK] * height)
        else:
            values = shown.frame[name].to_list()
            cells.append([show_cell(value, column, words) for value in values])
    lines = tuple(zip(*cells, strict=True))
    notes = []
    if not lines:
        notes.append(words["none"])
    elif height > MAX_ROWS:
        notes.append(words["more"].format(count=height - MAX_ROWS))
    return Grid(
        rows=lines[:MAX_ROWS],
        heads=tuple(heads),
        caption=words["rows"].format(count=height),
        notes=tuple(notes),
    )


def show_cell(value: object, column: Column, words: Words) -> str:
    """A cell of a row: money in yuan, months and years as they are written."""
    match value:
        case None:
            return "—"
        case bool():
            return words["yes" if value else "no"]
        case int() if column.type == "money":
            return show_fen(value) or ""
        case int() | float():
            return show_plain(Fraction(repr(value)))
        case date() if column.type == "month":
            return value.isoformat()[:7]
        case date() if column.type == "year":
            return value.isoformat()[:4]
    return str(value)


def hide(dataset: Dataset, frame: pl.DataFrame) -> ShownRows:
    """Rows with everything masked that the department declares personal or sensitive."""
    hidden = frozenset(
        name for name, column in dataset.columns.items() if column.sensitivity in PERSONAL
    )
    texts = [
        pl.col(name).map_elements(mask, return_dtype=pl.String)
        for name, dtype in frame.schema.items()
        if dtype == pl.String and name not in hidden
    ]
    return ShownRows(dataset=dataset, frame=frame.with_columns(texts), hidden=hidden)


def pick(label: Label, language: Language) -> str:
    """A label in a language; the Chinese one where it has no English."""
    return label.zh if language == "zh" else label.en or label.zh


def _fact_label(fact: Fact, language: Language) -> str:
    return (fact.label_zh if language == "zh" else fact.label_en) or fact.label_zh or fact.name


def _label_of(profile: Profile, name: str, language: Language) -> str:
    for told in profile.facts:
        if told.fact.name == name:
            return _fact_label(told.fact, language)
    return name
