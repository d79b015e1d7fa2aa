"""One document becomes one policy: the steps in order, every problem noted on the way."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date

from language.definition import Given, Scope
from language.document import Document, Place
from language.document_decoding import decode
from language.errors import Problem
from language.expression import Expression, Name
from language.reach import reachable_facts
from language.types import FactType, Kind
from policies.amount import build_also, build_amount, build_portions
from policies.build_terms import build_terms
from policies.ceiling import refuse_other_uses
from policies.cell import region_prefix
from policies.clauses import build_clauses, build_delivery, check_ids
from policies.draft import Draft, words
from policies.each import build_each, row_numbers
from policies.lead import complete_check, is_check
from policies.local import clauses_of
from policies.names import resolve_names, warn_unused
from policies.period import parse_period
from policies.policy import (
    SUM_OF_ROWS,
    BasisLine,
    Each,
    Example,
    FrameUse,
    Leaf,
    Policy,
    Region,
    leaves_of,
)
from policies.policy_file import (
    DatesFile,
    ExamplesFile,
    PolicyFile,
    RegionFile,
)
from policies.rows import build_row_sets
from policies.said_numbers import find_unknown_numbers
from policies.table_checks import check_tables
from profiles.fact import Vocabulary
from profiles.region import region_code

REGION_FACTS = {"enterprise": "ent_region", "resident": "hukou_region", "household": "hh_region"}
"""Where a subject is registered, unless the policy names another fact."""

_MONTHS = {"year": 12, "half": 6, "quarter": 3, "month": 1}


def build_policy(
    document: Document, vocabulary: Vocabulary, frame: FrameUse | None = None
) -> tuple[Policy | None, list[Problem], list[Problem]]:
    """The policy of one document, with its problems and its warnings.

    `frame` is what it implements, if the document was merged with a frame.
    """
    if not isinstance(document.value, dict):
        return None, [document.problem((), "a policy holds keys and values")], []
    beyond: list[Problem] = []
    if is_check(document):
        document, beyond = complete_check(document)
    file, problems = decode(document, PolicyFile)
    problems += beyond
    if file is None or beyond:
        return None, problems, []
    draft = Draft(document, file, vocabulary)
    try:
        policy = _build(draft, frame)
    except RecursionError:
        draft.refuse((), "facts or conditions are nested too deeply", "define them in fewer steps")
        policy = None
    return (None if draft.problems else policy), draft.problems, draft.warnings


def _build(draft: Draft, frame: FrameUse | None) -> Policy | None:
    file = draft.file
    _check_per(draft)
    if not file.policy or not set(file.policy) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"):
        draft.refuse(("policy",), f'"{file.policy}" is no id', "use a-z, 0-9 and -")
    before = len(draft.problems)
    row_sets = build_row_sets(draft)
    if len(draft.problems) > before:  # all that uses these rows would be refused as unknown
        return None
    facts, parameters, tables = resolve_names(draft)
    if draft.problems:
        return None
    clauses = build_clauses(draft, file.clauses, ("clauses",))
    each = build_each(draft)
    check_ids(draft, clauses, each)
    amounts = draft.with_scope(draft.scope | row_numbers(file))
    portions = build_portions(amounts)
    if each is not None and each.item is not None and (portions or file.benefit.also):
        draft.refuse(
            ("benefit",),
            "each value of a column makes an award: portions and also would stand in every one",
            "put them into each.amount and benefit.amount",
        )
    if not file.clauses and not file.benefit.portions and file.each is None:
        draft.refuse(("policy",), "the policy has neither clauses nor portions nor each")
    effective_from, effective_to = _dates(draft, file.effective, ("effective",))
    window_from, window_to = _dates(draft, file.window or DatesFile(), ("window",))
    _check_time(draft)
    policy = Policy(
        id=file.policy,
        version=file.version,
        title_zh=file.title.zh,
        title_en=file.title.en,
        audience=file.audience,
        authority=file.authority,
        level=file.level,
        region=_region(draft),
        basis=tuple(
            BasisLine(
                document=line.document, number=line.number, article=line.article, issued=line.issued
            )
            for line in file.basis
        ),
        effective_from=effective_from or date(1, 1, 1),
        effective_to=effective_to,
        effective_at=file.effective.at,
        window_from=window_from,
        window_to=window_to,
        per=file.per if isinstance(file.per, str) else "once",
        period=file.period,
        parameters=tuple(parameters),
        facts=tuple(facts),
        row_sets=row_sets,
        tables=tuple(tables),
        clauses=clauses,
        benefit_kind="check" if file.kind == "check" else file.benefit.kind,
        unit=file.benefit.unit,
        steps=build_amount(amounts, portions),
        portions=portions,
        also=build_also(amounts),
        delivery=build_delivery(draft),
        terms=build_terms(draft),
        contact_office=file.contact.office,
        contact_phone=file.contact.phone,
        not_modelled=tuple(words(entry.says)[0] for entry in file.not_modelled),
        not_modelled_en=tuple(words(entry.says)[1] for entry in file.not_modelled),
        examples=_examples(draft, file.examples),
        frame=frame,
        file=draft.document.file,
        content_hash=hash_content(_content(draft)),
        each=each,
        item=_item(draft, each),
    )
    _check_whole(draft, policy)
    return policy


def _check_per(draft: Draft) -> None:
    file = draft.file
    if isinstance(file.per, dict) and set(file.per) != {"each"}:
        draft.refuse(("per",), "an award is for a length of time or for each value of a fact")


def _dates(draft: Draft, file: DatesFile, place: Place) -> tuple[date | None, date | None]:
    start = draft.day(file.from_, (*place, "from"))
    end = draft.day(file.to, (*place, "to"))
    if start and end and end < start:
        draft.refuse(place, "it ends before it begins")
    return start, end


def _check_time(draft: Draft) -> None:
    file = draft.file
    if file.effective.at is not None:
        name = file.effective.at
        scope = draft.of_rows(draft.row_scope) if name in draft.only_rows else draft
        kind = scope.check(Name(name=name), ("effective", "at"))
        if kind is not Kind.DATE:
            draft.refuse(("effective", "at"), f'"{name}" is no date fact')
    if file.window is not None and file.window.at is not None:
        draft.refuse(("window", "at"), '"at" belongs to effective, not to window')
    if file.period in ("this", "last"):
        if file.period == "last" and file.per == "once":
            draft.refuse(("period",), '"once" has no last period')
        return
    try:
        period = parse_period(file.period)
    except ValueError as error:
        draft.refuse(("period",), str(error))
        return
    years = period.end.year - period.start.year
    months = years * 12 + period.end.month - period.start.month + 1
    if isinstance(file.per, str) and _MONTHS.get(file.per) != months:
        draft.refuse(
            ("period",),
            f'"{file.period}" is not a period of "per: {file.per}"',
            "write 2024, 2024H1, 2024Q3 or 2024-05 as per: says, or this or last",
        )


def _item(draft: Draft, each: Each | None) -> str | None:
    """The fact of which each value is an award of its own; None where a column of the rows is."""
    if not isinstance(draft.file.per, dict) or (each is not None and each.item is not None):
        return None
    name = draft.file.per.get("each", "")
    kind = draft.check(Name(name=name), ("per", "each"))
    if kind is None:
        return None
    definition = draft.scope[name]
    whole = isinstance(definition, Given) and definition.type is FactType.INTEGER
    if kind not in (Kind.TEXT, Kind.DATE) and not whole:
        draft.refuse(("per", "each"), f'"{name}" is {kind}: it cannot be the item of an award')
    return name


def _region(draft: Draft) -> Region | None:
    region = draft.file.region
    if region is None:
        return None
    file = RegionFile.model_validate({"in": [region]}) if isinstance(region, str) else region
    fact = file.of or REGION_FACTS[draft.file.audience]
    kind = draft.check(Name(name=fact), ("region", "of"))
    if kind is not Kind.TEXT:
        draft.refuse(("region", "of"), f'"{fact}" is no region fact')
    if "in_" in file.model_fields_set and not file.in_:
        draft.refuse(
            ("region", "in"), "the policy holds nowhere", "name a region, or leave in: out"
        )
    prefixes: dict[str, list[str]] = {"in": [], "except": []}
    for key, names in (("in", file.in_), ("except", file.except_)):
        for name in names:
            code = region_code(name)
            if code is None:
                draft.refuse(("region", key), f'"{name}" is no region', "write its code")
            else:
                prefixes[key].append(region_prefix(code))
    return Region(
        fact=fact, within=tuple(prefixes["in"]) or ("",), excepted=tuple(prefixes["except"])
    )


def _examples(draft: Draft, file: ExamplesFile | None) -> tuple[Example, ...]:
    if file is None:
        draft.warn(
            "no-examples",
            ("policy",),
            "the policy has no examples",
            "add worked cases under examples:",
        )
        return ()
    examples = []
    for index, case in enumerate(file.cases):
        place: Place = ("examples", "cases", index)
        text = case.as_of or file.as_of
        if text is None:
            draft.refuse(place, f'example "{case.name}" has no day', "add as_of: 2024-06-30")
            continue
        as_of = draft.day(text, (*place, "as_of"))
        given = dict(file.given) | dict(case.given)
        for name in given:
            if name not in draft.scope and name not in draft.row_sets:
                at = (*place, "given", name)
                draft.refuse(at, f'unknown fact "{name}" in an example', "declare it")
            fact = draft.scope.get(name)
            if isinstance(fact, Given) and fact.type is FactType.TEXT and given[name] == "unknown":
                # read as the word it would turn a missing text into a known one
                message = f'"{name}" is a text, so "unknown" is a word that it says'
                draft.warn(
                    "unknown-text", (*place, "given"), message, "write null where it is missing"
                )
        if as_of is None:
            continue
        expect = case.expect
        examples.append(
            Example(
                name=case.name,
                as_of=as_of,
                given=given,
                verdict=expect.verdict,
                amount=expect.amount,
                amounts=dict(expect.amounts),
                failing=None if expect.failing is None else tuple(expect.failing),
                missing=None if expect.missing is None else tuple(expect.missing),
                rows=None if expect.rows is None else {str(k): n for k, n in expect.rows.items()},
                line=draft.document.mark(place).line,
            )
        )
    return tuple(examples)


def _check_whole(draft: Draft, policy: Policy) -> None:
    """What only the whole shows."""
    warn_unused(draft, policy.tables, policy.frame)
    refuse_other_uses(draft, policy)
    check_tables(draft, policy)
    leaves = [(leaf, draft.scope) for leaf in leaves_of(policy.clauses)]
    if policy.each is not None:
        leaves += [(leaf, draft.row_scope) for leaf in leaves_of(policy.each.clauses)]
        sums = SUM_OF_ROWS in reachable_facts(amounts_used(policy), draft.scope)
        if policy.each.steps and not sums and not draft.problems:
            draft.warn(
                "unused", ("each", "amount"), "the rows' amounts are never used", "add sum_of_rows"
            )
    _warn_of_numbers(draft, policy, leaves)
    for leaf, scope in leaves:
        if leaf.when is not None and not reachable_facts([leaf.when], scope):
            draft.warn(
                "no-fact", ("clauses",), f'clause "{leaf.id}" uses no fact: it never changes'
            )
    if policy.not_modelled and any(case.by == "direct" for case in policy.delivery):
        draft.refuse(
            ("delivery",),
            '"delivery: direct" pays without asking, but not_modelled names conditions that '
            "data cannot settle",
            "use confirm or invite",
            code="direct-not-modelled",
        )


def _warn_of_numbers(draft: Draft, policy: Policy, leaves: Sequence[tuple[Leaf, Scope]]) -> None:
    """Warn of numbers that a clause tells people and its condition does not know."""
    places = {part[1]: place for part, place in clauses_of(draft.document.value)}
    columns = policy.each.row_set.columns if policy.each is not None else {}
    own = draft.file.facts | (draft.file.each.facts if draft.file.each is not None else {})
    named = (draft.vocabulary.facts, own, columns, draft.file.parameters, draft.file.tables)
    dates = [policy.effective_from, policy.effective_to, policy.window_from, policy.window_to]
    if policy.period not in ("this", "last") and not draft.problems:
        period = parse_period(policy.period)
        dates += [period.start, period.end]
    for leaf, scope in leaves:
        if leaf.when is None:
            continue
        unknown = find_unknown_numbers(
            leaf.says, leaf.when, scope, lambda name: [of.get(name) for of in named], dates
        )
        if unknown:
            draft.warn(
                "said-number",
                (*places[leaf.id], "says"),
                f'clause "{leaf.id}" says {", ".join(unknown)}; its condition knows no such number',
                "correct the words or the condition",
            )


def _content(draft: Draft) -> object:
    """What the hash is made of: the document, and the files that it names."""
    value = draft.document.value
    return {"document": value, "files": draft.files} if draft.files else value


def amounts_used(policy: Policy) -> list[Expression]:
    """Every formula of the amounts of the whole."""
    steps = [*policy.steps, *(s for p in policy.portions for s in p.steps)]
    steps += [step for told in policy.also for step in told.steps]
    return [part for step in steps for part in (step.operand, step.when) if part is not None]


def hash_content(value: object) -> str:
    """SHA-256 of a policy's meaning: independent of comments, spaces and the order of keys."""
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
