"""A policy as a page: what an approver reads and signs."""

from console.each_page import build_rows
from console.page import Entry, Grid, Outline, Page, Section
from console.policy_words import PolicyWords
from engine.shown_value import unit_words
from engine.wording import Language
from policies.policy import BasisLine, Policy
from policies.terms import reasons_to_hold
from profiles.fact import Vocabulary
from profiles.region import region_name


def build_page(policy: Policy, vocabulary: Vocabulary, language: Language) -> Page:
    """The flat page of a policy, each part with its document."""
    words = PolicyWords(policy, vocabulary, language)
    said = words.words
    sections = [
        Section(heading=said["elements"], blocks=(Grid(rows=tuple(_elements(policy, words))),)),
        *_parameters(policy, words),
        *_tables(policy, words),
        *_facts(policy, words),
        Section(
            heading=said["clauses"],
            blocks=(
                Outline(
                    entries=tuple(
                        words.clause_entries(policy.clauses, _marks(policy, words, "clauses"))
                    )
                ),
            ),
        ),
        *build_rows(policy, words),
        *_amounts(policy, words),
        *_lines(said["not modelled"], _not_modelled(policy, language)),
        *_lines(said["terms"], kept_terms(policy)),
        Section(heading=said["examples"], blocks=(_examples(policy, words),)),
    ]
    title = words.pick(policy.title_zh, policy.title_en)
    subtitle = f"{policy.key}  {policy.file}"
    return Page(title=title, subtitle=subtitle, language=language, sections=tuple(sections))


def _elements(policy: Policy, words: PolicyWords) -> list[tuple[str, str]]:
    said = words.words
    rows = [
        (said["audience"], said[policy.audience]),
        (said["authority"], policy.authority),
        (said["level"], said[policy.level]),
        (said["region"], say_region(policy, words)),
    ]
    rows += [(said["basis"], say_basis(line)) for line in policy.basis]
    rows += [
        (said["effective"], say_effective(policy, words)),
        (said["window"], words.days(policy.window_from, policy.window_to) or said["always"]),
        (
            said["period"],
            f"{said[policy.per]}{said['list']}{said.get(policy.period, policy.period)}",
        ),
    ]
    if policy.terms.lead:
        rows.append((said["benefit"], said["check"]))
    else:
        rows.append((said["benefit"], said[policy.benefit_kind] + _unit(policy, words)))
        rows.append((said["delivery"], say_delivery(policy, words)))
    if policy.item is not None:
        rows.append((said["item"], words.label(policy.item)))
    contact = " ".join(part for part in (policy.contact_office, policy.contact_phone) if part)
    rows += [(said["contact"], contact)] if contact else []
    if policy.frame is not None:
        rows.append((said["frame"], policy.frame.frame))
        if policy.frame.dropped:
            dropped = said["list"].join(name for _, name in policy.frame.dropped)
            rows.append((said["dropped"], dropped))
    return rows


def _unit(policy: Policy, words: PolicyWords) -> str:
    unit = words.pick(*unit_words(policy.unit)).strip()
    return f"{words.words['list']}{unit}" if unit else ""


def say_basis(line: BasisLine) -> str:
    """A document with its number and article."""
    title = f"《{line.document}》" if line.document else ""
    return " ".join(part for part in (title, line.number, line.article, line.issued) if part)


def say_region(policy: Policy, words: PolicyWords) -> str:
    """Where a policy holds, by the names of the regions."""
    said, region = words.words, policy.region
    if region is None:
        return said["everywhere"]
    places = said["list"].join(_place(prefix) or said["everywhere"] for prefix in region.within)
    if region.excepted:
        excepted = said["list"].join(_place(prefix) for prefix in region.excepted)
        places += f" ({excepted} {said['except']})"
    return f"{places} ({said['compared'].format(words.label(region.fact))})"


def _place(prefix: str) -> str:
    code = prefix.ljust(6, "0")
    name = region_name(code) if prefix else None
    return f"{name}（{code}）" if name else prefix


def say_effective(policy: Policy, words: PolicyWords) -> str:
    """When the rule is law."""
    days = words.days(policy.effective_from, policy.effective_to) or words.words["always"]
    if policy.effective_at is None:
        return days
    return f"{days} ({words.words['at'].format(words.label(policy.effective_at))})"


def say_delivery(policy: Policy, words: PolicyWords) -> str:
    """How the benefit reaches whom."""
    said = words.words
    cases = []
    for case in policy.delivery:
        way = said[case.by]
        says = words.pick(case.says, case.says_en)
        way += f" ({says})" if says else ""
        if case.when is not None:
            way = f"{words.condition(case.when)}{said['colon']}{way}"
        cases.append(way)
    return said["semicolon"].join(cases)


def _marks(policy: Policy, words: PolicyWords, key: str) -> dict[str, str]:
    """Of an implementation, whether each part of a kind is the frame's or local."""
    use = policy.frame
    if use is None:
        return {}
    taken = {name: words.words["taken"] for part, name in use.taken if part == key}
    local = {n: words.words["local"] for part, n in (*use.replaced, *use.added) if part == key}
    return taken | local


def _parameters(policy: Policy, words: PolicyWords) -> list[Section]:
    blocks: list[Grid | Outline] = []
    marks = _marks(policy, words, "parameters")
    for parameter in policy.parameters:
        label = words.label(parameter.name)
        mark = marks.get(parameter.name, "")
        blocks.append(Outline(entries=(Entry(depth=0, text=label, mark=mark),)))
        blocks += words.parameter_grids(parameter)
    return [Section(heading=words.words["parameters"], blocks=tuple(blocks))] if blocks else []


def _tables(policy: Policy, words: PolicyWords) -> list[Section]:
    blocks: list[Grid | Outline] = []
    marks = _marks(policy, words, "tables")
    for table in policy.tables:
        label = words.pick(table.label, table.label_en) or table.name
        blocks.append(
            Outline(entries=(Entry(depth=0, text=label, mark=marks.get(table.name, "")),))
        )
        blocks.append(words.table_grid(table))
    return [Section(heading=words.words["tables"], blocks=tuple(blocks))] if blocks else []


def _facts(policy: Policy, words: PolicyWords) -> list[Section]:
    marks = _marks(policy, words, "facts")
    entries = tuple(
        Entry(
            depth=0,
            text=words.label(fact.name) + (f" 〔{fact.source}〕" if fact.source else ""),
            mark=marks.get(fact.name, ""),
            notes=tuple(
                note
                for note in (
                    fact.says if fact.says != words.label(fact.name) else "",
                    words.fact_line(fact),
                )
                if note
            ),
        )
        for fact in policy.facts
        if "::" not in fact.name
    )
    if not entries:
        return []
    return [Section(heading=words.words["facts"], blocks=(Outline(entries=entries),))]


def _amounts(policy: Policy, words: PolicyWords) -> list[Section]:
    said = words.words
    sections = []
    if policy.portions:
        entries = []
        for portion in policy.portions:
            source = f" 〔{portion.source}〕" if portion.source else ""
            notes = (words.condition(portion.when),) if portion.when is not None else ()
            text = words.pick(portion.says, portion.says_en) or portion.id
            entries.append(Entry(depth=0, text=text + source, notes=notes))
            entries += words.step_entries(portion.steps, policy.unit, 1)
        blocks = (Outline(entries=tuple(entries)),)
        sections.append(Section(heading=said["portions"], blocks=blocks))
    steps = words.step_entries(policy.steps, policy.unit)
    mark = _marks(policy, words, "benefit").get("amount", "")
    if not steps:
        steps = [Entry(depth=0, text=said["no amount"])]
    heading = said["amount"] + (f" [{mark}]" if mark else "")
    blocks = (Outline(entries=tuple(steps), numbered=bool(policy.steps)),)
    sections.append(Section(heading=heading, blocks=blocks))
    if policy.also:
        entries = []
        for told in policy.also:
            text = f"{words.pick(told.label, told.label_en)} ({told.unit})"
            entries.append(Entry(depth=0, text=text))
            entries += words.step_entries(told.steps, told.unit, 1)
        blocks = (Outline(entries=tuple(entries)),)
        sections.append(Section(heading=said["also"], blocks=blocks))
    return sections


def _lines(heading: str, lines: list[str]) -> list[Section]:
    if not lines:
        return []
    entries = tuple(Entry(depth=0, text=line) for line in lines)
    return [Section(heading=heading, blocks=(Outline(entries=entries),))]


def _not_modelled(policy: Policy, language: Language) -> list[str]:
    return list(policy.not_modelled if language == "zh" else policy.not_modelled_en)


def kept_terms(policy: Policy) -> list[str]:
    """What nothing acts on yet, and why a run would hold the matches."""
    terms = policy.terms
    kept = {
        "budget": terms.budget,
        "back_pay": terms.back_pay,
        "recipient": terms.recipient if terms.recipient != "subject" else None,
        "payee": terms.payee if terms.payee != terms.recipient else None,
        "through": terms.through or None,
        "deadlines": terms.deadlines or None,
        "public_notice": terms.public_notice,
        "service": terms.service or None,
    }
    names = ", ".join(name for name, value in kept.items() if value is not None)
    return [line for line in (names, *reasons_to_hold(terms)) if line]


def _examples(policy: Policy, words: PolicyWords) -> Outline:
    said = words.words
    counts = [
        f"{said[verdict]} {count}"
        for verdict in ("eligible", "ineligible", "unknown")
        if (count := sum(example.verdict == verdict for example in policy.examples))
    ]
    text = said["example count"].format(len(policy.examples))
    if counts:
        text += said["colon"] + said["list"].join(counts)
    return Outline(entries=(Entry(depth=0, text=text),))
