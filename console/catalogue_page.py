"""The policies there are, and what differs between those that implement one frame."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from console.page import Entry, Grid, Outline, Page, Section
from console.page_words import PAGE_WORDS
from console.policy_page import say_basis, say_delivery, say_effective, say_region
from console.policy_words import PolicyWords
from engine.wording import Language
from language.document import document_value
from policies.frame import Frame
from policies.local import Part, parts_of
from policies.policy import BasisLine, ClauseGroup, Policy
from profiles.fact import Vocabulary


def build_catalogue(
    policies: Sequence[Policy],
    frames: Iterable[Frame],
    vocabulary: Vocabulary,
    language: Language,
) -> Page:
    """All policies in one table, and under each frame what its implementations say differently."""
    said = PAGE_WORDS[language]
    heads = (said["policy"], said["title"], said["authority"], said["region"], said["dates"])
    rows = []
    for policy in policies:
        words = PolicyWords(policy, vocabulary, language)
        rows.append(
            (
                policy.key,
                words.pick(policy.title_zh, policy.title_en),
                policy.authority,
                say_region(policy, words).split(" (")[0],
                _dates(policy, words),
            )
        )
    sections = [Section(heading=said["policies"], blocks=(Grid(heads=heads, rows=tuple(rows)),))]
    for frame in frames:
        sections += differences(frame, policies, vocabulary, language)
    title = said["policies"]
    subtitle = str(len(policies))
    return Page(title=title, subtitle=subtitle, language=language, sections=tuple(sections))


def _dates(policy: Policy, words: PolicyWords) -> str:
    days = words.days(policy.effective_from, policy.effective_to)
    window = words.days(policy.window_from, policy.window_to)
    return "; ".join(part for part in (days, window) if part) or words.words["always"]


def implementing(frame: Frame, policies: Iterable[Policy]) -> list[Policy]:
    """The policies that implement a frame, in this version."""
    return [p for p in policies if p.frame is not None and p.frame.frame == frame.key]


def differences(
    frame: Frame, policies: Iterable[Policy], vocabulary: Vocabulary, language: Language
) -> list[Section]:
    """Element by element what the implementations of a frame say, where they differ."""
    chosen = implementing(frame, policies)
    if not chosen:
        return []
    said = PAGE_WORDS[language]
    spoken = [PolicyWords(policy, vocabulary, language) for policy in chosen]
    columns = [elements_of(words.policy, words) for words in spoken]
    rows = [(label, *cells) for label, cells in align(columns, said["absent"]) if not same(cells)]
    heads = (said["element"], *(w.pick(w.policy.title_zh, w.policy.title_en) for w in spoken))
    title = frame.document.value["title"]
    name = title.get("en") or title["zh"] if language == "en" else title["zh"]
    heading = f"{said['differences']}{said['colon']}{name} ({frame.key})"
    return [Section(heading=heading, blocks=(Grid(heads=heads, rows=tuple(rows)),))]


def align(columns: Sequence[Mapping[str, str]], absent: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every element that one of several has, with what each says of it."""
    labels = dict.fromkeys(label for column in columns for label in column)
    return [(label, tuple(column.get(label) or absent for column in columns)) for label in labels]


def same(cells: Sequence[str]) -> bool:
    """Whether all say the same of an element."""
    return len(set(cells)) == 1


def elements_of(policy: Policy, words: PolicyWords) -> dict[str, str]:
    """Every element of a policy in one line each, by its name in words."""
    said = words.words
    found = {
        said["authority"]: policy.authority,
        said["region"]: say_region(policy, words),
        said["basis"]: said["semicolon"].join(say_basis(line) for line in policy.basis),
        said["effective"]: say_effective(policy, words),
        said["window"]: words.days(policy.window_from, policy.window_to) or said["always"],
        said["period"]: said.get(policy.period, policy.period),
        said["delivery"]: say_delivery(policy, words),
    }
    for parameter in policy.parameters:
        found[words.label(parameter.name)] = words.parameter_line(parameter)
    for table in policy.tables:
        grid = words.table_grid(table)
        lines = [" ".join(row) for row in grid.rows]
        label = words.pick(table.label, table.label_en) or table.name
        found[f"{said['tables']} {label}"] = said["semicolon"].join([grid.caption, *lines])
    for fact in policy.facts:
        if "::" not in fact.name:
            found[words.label(fact.name)] = words.fact_line(fact)
    for clause in policy.clauses:
        group = isinstance(clause, ClauseGroup)
        says = words.pick(clause.says, clause.says_en) if group else ""
        line = words.clause_line(clause)
        found[f"{said['clauses']} {clause.id}"] = f"{says} {line}".strip()
    if policy.each is not None:
        for clause in policy.each.clauses:
            found[f"{said['each']} {clause.id}"] = words.clause_line(clause)
        found[said["amount of rows"]] = words.steps_line(policy.each.steps, policy.unit)
    for portion in policy.portions:
        found[f"{said['portions']} {portion.id}"] = words.steps_line(portion.steps, policy.unit)
    found[said["amount"]] = words.steps_line(policy.steps, policy.unit)
    found[said["not modelled"]] = said["semicolon"].join(
        policy.not_modelled if words.language == "zh" else policy.not_modelled_en
    )
    return found


def build_frame_page(
    frame: Frame, policies: Iterable[Policy], vocabulary: Vocabulary, language: Language
) -> Page:
    """What a frame says, what it leaves to others, and what they say."""
    said, value = PAGE_WORDS[language], frame.document.value
    elements: list[tuple[str, str]] = [
        (said[key], said.get(str(value[key]), str(value[key])))
        for key in ("audience", "authority", "level")
        if key in value
    ]
    for line in value["basis"]:
        texts = {key: str(text or "") for key, text in line.items()}
        filled = {key: texts.get(key, "") for key in ("document", "number", "article", "issued")}
        elements.append((said["basis"], say_basis(BasisLine(**filled))))
    entries = [
        Entry(depth=max(0, (len(place) - 2) // 2), text=_say_part(frame, part), mark=mark)
        for part, place in parts_of(value)
        for mark in [_say_local(frame, part, language)]
    ]
    known = implementing(frame, policies)
    names = tuple(
        Entry(
            depth=0, text=policy.title_zh if language == "zh" else policy.title_en, lead=policy.key
        )
        for policy in known
    )
    sections = [
        Section(heading=said["elements"], blocks=(Grid(rows=tuple(elements)),)),
        Section(heading=said["parts"], blocks=(Outline(entries=tuple(entries)),)),
        Section(heading=said["implementations"], blocks=(Outline(entries=names),)),
        *differences(frame, known, vocabulary, language),
    ]
    title = value["title"]
    shown = title.get("en") or title["zh"] if language == "en" else title["zh"]
    return Page(
        title=f"{shown} ({said['frame']})",
        subtitle=f"{frame.key}  {frame.document.file}",
        language=language,
        sections=tuple(sections),
    )


def _say_part(frame: Frame, part: Part) -> str:
    place = dict(parts_of(frame.document.value))[part]
    value: Any = document_value(frame.document, place)
    says = value.get("says") or value.get("label") if isinstance(value, dict) else None
    if isinstance(says, dict):
        says = says.get("zh")
    return f"{part[0]} {part[1]}" + (f"  {says}" if says else "")


def _say_local(frame: Frame, part: Part, language: Language) -> str:
    said = PAGE_WORDS[language]
    local = frame.locals.get(part)
    if local is None:
        return said["fixed"]
    words = [said["required" if local.required else "may"]]
    for side in local.bounded:
        bound = document_value(frame.written, (*local.place, side))
        shown = bound
        if isinstance(bound, dict):
            shown = said["list"].join(f"{key} {number}" for key, number in bound.items())
        words.append(said[side].format(shown))
    return said["list"].join(words)
