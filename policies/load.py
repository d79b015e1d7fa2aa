"""From policy files to policies: every error of every file in one go, nothing guessed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from language.check import check, reachable_facts
from language.definition import Constant, Definition, NoValue
from language.document import Document, Place, decode, read_documents
from language.errors import ConditionRefused, FilesRefused, Problem
from language.expression import Expression, parse
from language.number import parse_number
from language.types import FactType, Kind
from policies.errors import NothingToLoad
from policies.parameter import build_parameter, definition_of, span_on, tables_of
from policies.period import parse_period
from policies.policy import (
    HIGHEST_PORTION,
    SUM_OF_PORTIONS,
    AlsoTold,
    BasisLine,
    Clause,
    ClauseGroup,
    DatedParameter,
    DeliveryCase,
    Example,
    Leaf,
    Policy,
    Portion,
    Region,
    Step,
    leaves_of,
)
from policies.policy_file import (
    NOT_BUILT,
    SHOWN_ONLY,
    ClauseFile,
    DatesFile,
    ExamplesFile,
    ParameterFile,
    PolicyFile,
    RegionFile,
    StepFile,
)
from policies.table import gaps_of, region_prefix
from profiles.fact import Fact, Vocabulary, build_fact, parse_at
from profiles.region import region_code

CATALOGUE = Path(__file__).parent / "catalogue"
REGION_FACTS = {"enterprise": "ent_region", "resident": "hukou_region", "household": "hh_region"}
"""Where a subject is registered, unless the policy names another fact."""

_OPERATIONS = (
    "first", "take", "plus", "minus", "times", "at_most", "at_least", "nothing_below", "round",
    "decided_by",
)  # fmt: skip
_TIMES = ("as_of", "period_start", "period_end")
_TYPE_OF_KIND = {
    Kind.BOOLEAN: FactType.BOOLEAN,
    Kind.NUMBER: FactType.NUMBER,
    Kind.DATE: FactType.DATE,
    Kind.TEXT: FactType.TEXT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Policies that may be used, and what their authors should still look at."""

    policies: tuple[Policy, ...]
    warnings: tuple[Problem, ...]


def find_policy_files(paths: Iterable[Path]) -> list[Path]:
    """The YAML files among paths; folders are searched through."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = [*path.rglob("*.yaml"), *path.rglob("*.yml")]
            files += sorted(found)
        else:
            files.append(path)
    return list(dict.fromkeys(files))


def load_policies(paths: Iterable[Path], vocabulary: Vocabulary) -> Loaded:
    """Read policy files and folders of them.

    Raises FilesRefused with every problem of every file; NothingToLoad where there is no file.
    """
    files = find_policy_files(paths)
    if not files:
        raise NothingToLoad("no policy file (*.yaml) was found there")
    problems: list[Problem] = []
    warnings: list[Problem] = []
    policies: list[Policy] = []
    for path in files:
        documents, found = read_documents(path)
        problems += found
        for document in documents:
            policy, found, noted = build_policy(document, vocabulary)
            problems += found
            warnings += noted
            if policy is None:
                continue
            clash = next((p for p in policies if p.key == policy.key), None)
            if clash is not None:
                problems.append(
                    document.problem(
                        ("policy",),
                        f'policy "{policy.id}" version {policy.version} is also in {clash.file}',
                        "give one of them another id or version",
                    )
                )
            policies.append(policy)
    if problems:
        raise FilesRefused(problems)
    return Loaded(policies=tuple(policies), warnings=tuple(sorted(warnings)))


def build_policy(
    document: Document, vocabulary: Vocabulary
) -> tuple[Policy | None, list[Problem], list[Problem]]:
    """The policy of one document, with its problems and its warnings."""
    if not isinstance(document.value, dict):
        return None, [document.problem((), "a policy holds keys and values")], []
    file, problems = decode(document, PolicyFile)
    if file is None:
        return None, problems, []
    builder = _Builder(document, file, vocabulary)
    policy = builder.build()
    return (None if builder.problems else policy), builder.problems, builder.warnings


class _Builder:
    """One document on its way to a policy; problems gather, so that all are told together."""

    def __init__(self, document: Document, file: PolicyFile, vocabulary: Vocabulary) -> None:
        self.document = document
        self.file = file
        self.vocabulary = vocabulary
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.used: list[Expression] = []

    def refuse(self, place: Place, message: str, remedy: str = "", offset: int = 0) -> None:
        self.problems.append(self.document.problem(place, message, remedy, offset))

    def warn(self, place: Place, message: str, remedy: str = "") -> None:
        self.warnings.append(self.document.problem(place, message, remedy))

    def build(self) -> Policy | None:
        file = self.file
        self.refuse_not_built()
        if not file.policy or any(
            c not in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in file.policy
        ):
            self.refuse(("policy",), f'"{file.policy}" is no id', "use a-z, 0-9 and -")
        facts = self.build_facts()
        known = {
            name: fact
            for name, fact in self.vocabulary.facts.items()
            if fact.of in (file.audience, "region")
        } | {fact.name: fact for fact in facts}
        known, parameters = self.build_parameters(known)
        self.scope = self.build_scope(known, parameters)
        if self.problems:
            # with names missing from the scope every condition would be refused once more
            return None
        facts = self.type_facts(facts)
        clauses = self.build_clauses(file.clauses, ("clauses",))
        self.check_ids(clauses)
        portions = self.build_portions()
        steps = self.build_amount(portions)
        also = tuple(
            AlsoTold(
                name=name,
                label=entry.label
                if isinstance(entry.label, str)
                else getattr(entry.label, "zh", name),
                unit=entry.unit or "yuan",
                steps=self.build_steps(entry.amount, ("benefit", "also", name, "amount"), ()),
            )
            for name, entry in file.benefit.also.items()
        )
        effective = self.build_dates(file.effective, ("effective",))
        window = self.build_dates(file.window, ("window",)) if file.window else (None, None)
        if file.effective.at is not None:
            self.check_date_fact(file.effective.at, ("effective", "at"))
        if file.window is not None and file.window.at is not None:
            self.refuse(("window", "at"), '"at" belongs to effective, not to window')
        per = file.per if isinstance(file.per, str) else "once"
        self.check_period()
        self.check_parameters(parameters)
        if not clauses and not portions:
            self.refuse(("policy",), "the policy has neither clauses nor portions")
        policy = Policy(
            id=file.policy,
            version=file.version,
            title_zh=file.title.zh,
            title_en=file.title.en,
            audience=file.audience,
            authority=file.authority,
            level=file.level,
            region=self.build_region(),
            basis=tuple(
                BasisLine(
                    document=line.document,
                    number=line.number,
                    article=line.article,
                    issued=line.issued,
                )
                for line in file.basis
            ),
            effective_from=effective[0] or date(1, 1, 1),
            effective_to=effective[1],
            effective_at=file.effective.at,
            window_from=window[0],
            window_to=window[1],
            per=per,
            period=file.period,
            parameters=tuple(parameters),
            facts=tuple(facts),
            clauses=clauses,
            benefit_kind=file.benefit.kind,
            unit=file.benefit.unit,
            steps=steps,
            portions=portions,
            also=also,
            delivery=self.build_delivery(),
            public_notice=dict(file.public_notice or {}),
            deadlines=dict(file.deadlines or {}),
            contact_office=file.contact.office,
            contact_phone=file.contact.phone,
            not_modelled=tuple(entry.says for entry in file.not_modelled),
            examples=self.build_examples(file.examples),
            file=self.document.file,
            content_hash=hash_content(self.document.value),
        )
        self.check_use(policy)
        return policy

    def refuse_not_built(self) -> None:
        for key, what in NOT_BUILT.items():
            if getattr(self.file, key) is not None:
                self.refuse((key,), f'"{key}" is not built yet', f"it belongs to {what}")
        if self.file.kind != "policy":
            self.refuse(("kind",), f'"kind: {self.file.kind}" is not built yet')
        if isinstance(self.file.per, dict):
            self.refuse(("per",), '"per: {each: …}" is not built yet', "name a length of time")
        for key in ("payee", "through"):
            if getattr(self.file.benefit, key) is not None:
                self.refuse(("benefit", key), f'"{key}" is not built yet', "the subject is paid")
        for key, what in SHOWN_ONLY.items():
            if getattr(self.file, key) is not None:
                self.warn((key,), what)

    def build_facts(self) -> list[Fact]:
        facts: list[Fact] = []
        for name, entry in self.file.facts.items():
            place: Place = ("facts", name)
            if name in _TIMES:
                self.refuse(place, f'"{name}" is a date of the run, not a fact')
                continue
            if entry.from_ is not None:
                self.refuse(
                    (*place, "from"),
                    "a policy's own measure over rows is not built yet",
                    "declare it in the vocabulary",
                )
                continue
            shared = self.vocabulary.facts.get(name)
            computed = entry.is_ is not None or entry.choose is not None
            inferred = shared.type if shared else (FactType.NUMBER if computed else None)
            built, found = build_fact(
                name,
                entry,
                self.document,
                place,
                self.vocabulary.datasets,
                of=self.file.audience,
                inferred=inferred,
            )
            self.problems += found
            facts += built
        return facts

    def build_parameters(
        self, known: dict[str, Fact]
    ) -> tuple[dict[str, Fact], list[DatedParameter]]:
        """The parameters, and the facts with the types of those that are worked out.

        A table may be by a fact that is worked out from another parameter, so what can be typed
        is typed first, until nothing more can.
        """
        waiting = dict(self.file.parameters)
        parameters: list[DatedParameter] = []
        for name in list(waiting):
            place: Place = ("parameters", name)
            if not name.isascii() or not name.isidentifier() or name in _TIMES:
                self.refuse(place, f'"{name}" is no name', "use a-z, 0-9 and _")
                del waiting[name]
            elif name in self.file.facts:
                self.refuse(place, f'"{name}" is a parameter and a fact', "rename one of them")
                del waiting[name]
        untyped = {name for name in self.file.facts if name in known and known[name].formula}
        while waiting:
            scope = self.build_scope(known, parameters)
            for name in sorted(untyped):
                try:
                    kind = check(parse(name), scope, amount=True)
                except ConditionRefused:
                    continue
                known[name] = replace(known[name], type=_TYPE_OF_KIND[kind])
                untyped.discard(name)
            ready = [name for name in waiting if not untyped & set(_by(waiting[name]))]
            for name in ready or list(waiting):
                built, found = build_parameter(name, waiting.pop(name), known, self.document)
                self.problems += found
                if built is not None:
                    parameters.append(built)
                    self.warn_sources(built)
        order = list(self.file.parameters)
        return known, sorted(parameters, key=lambda parameter: order.index(parameter.name))

    def warn_sources(self, parameter: DatedParameter) -> None:
        for number, span in enumerate(reversed(parameter.spans), start=1):
            if not span.source:
                self.warn(
                    ("parameters", parameter.name),
                    f'value {number} of parameter "{parameter.name}" has no source',
                    "name the document and article",
                )

    def build_scope(
        self, known: Mapping[str, Fact], parameters: list[DatedParameter]
    ) -> dict[str, Definition]:
        scope: dict[str, Definition] = {
            name: fact.formula or fact.given for name, fact in known.items()
        }
        # kinds do not change over time, so any day serves to check with
        day = date(2000, 1, 1)
        for parameter in parameters:
            definition = definition_of(parameter, day)
            if isinstance(definition, NoValue):
                definition = definition_of(parameter, parameter.spans[-1].start)
            scope[parameter.name] = definition
        return scope | {name: Constant(value=day) for name in _TIMES}

    def type_facts(self, facts: list[Fact]) -> list[Fact]:
        """Check each formula and give it the type it turned out to have."""
        typed = []
        for fact in facts:
            if fact.formula is None:
                typed.append(fact)
                continue
            place: Place = ("facts", fact.name)
            kind = self.check_expression(parse(fact.name), place, amount=True)
            if kind is None:
                continue
            declared = self.file.facts[fact.name].type
            if declared is not None and _TYPE_OF_KIND[kind] is not declared:
                number = kind is Kind.NUMBER and declared in (
                    FactType.INTEGER, FactType.MONEY, FactType.RATIO, FactType.NUMBER,
                )  # fmt: skip
                if not number and not (kind is Kind.TEXT and declared is FactType.CODE):
                    self.refuse(place, f'"{fact.name}" is declared {declared}, its value is {kind}')
            typed.append(replace(fact, type=declared or _TYPE_OF_KIND[kind]))
        return typed

    def check_expression(
        self, expression: Expression, place: Place, *, amount: bool = False
    ) -> Kind | None:
        try:
            return check(expression, self.scope, amount=amount)
        except ConditionRefused as refusal:
            self.refuse(place, refusal.message, refusal.remedy, refusal.offset)
            return None

    def expression(
        self, text: str, place: Place, kind: Kind, *, amount: bool = False
    ) -> Expression | None:
        """Parse and check; None after reporting what is wrong."""
        parsed, found = parse_at(text, self.document, place)
        self.problems += found
        if parsed is None:
            return None
        actual = self.check_expression(parsed, place, amount=amount)
        if actual is None:
            return None
        if actual is not kind:
            self.refuse(place, f'"{text}" is {actual}, here stands {kind}')
            return None
        self.used.append(parsed)
        return parsed

    def build_clauses(self, files: list[ClauseFile], place: Place) -> tuple[Clause, ...]:
        clauses: list[Clause] = []
        for index, file in enumerate(files):
            at = (*place, index)
            forms = [
                k
                for k in ("when", "judged_by", "all", "any", "none")
                if getattr(file, k) is not None
            ]
            if len(forms) != 1:
                self.refuse(at, f'clause "{file.id}" needs one of when, judged_by, all, any, none')
                continue
            says, source = file.says or "", file.source or ""
            if forms[0] in ("all", "any", "none"):
                members = getattr(file, forms[0])
                if not members:
                    self.refuse((*at, forms[0]), f'clause "{file.id}" has no members')
                    continue
                if file.not_yet is not None:
                    self.refuse((*at, "not_yet"), '"not_yet" belongs to a leaf with "when"')
                group = ClauseGroup(
                    id=file.id,
                    says=says,
                    source=source,
                    group=forms[0],  # type: ignore[arg-type]  # one of the three
                    members=self.build_clauses(members, (*at, forms[0])),
                )
                clauses.append(group)
                continue
            if file.not_yet not in (None, "true", "false"):
                self.refuse((*at, "not_yet"), '"not_yet" is true or false')
            when = None
            if file.when is not None:
                when = self.expression(file.when, (*at, "when"), Kind.BOOLEAN)
                if not says:
                    self.warn(at, f'clause "{file.id}" does not say what it means', "add says:")
            clauses.append(
                Leaf(
                    id=file.id,
                    says=says,
                    source=source,
                    when=when,
                    text=file.when or "",
                    judged_by=file.judged_by or "",
                    not_yet=file.not_yet == "true",
                )
            )
        return tuple(clauses)

    def check_ids(self, clauses: tuple[Clause, ...]) -> None:
        seen: set[str] = set()

        def visit(members: tuple[Clause, ...]) -> None:
            for clause in members:
                if clause.id in seen or clause.id in ("effective", "window", "region"):
                    self.refuse(("clauses",), f'clause id "{clause.id}" is taken', "rename it")
                seen.add(clause.id)
                if isinstance(clause, ClauseGroup):
                    visit(clause.members)

        visit(clauses)
        for index, portion in enumerate(self.file.benefit.portions):
            if portion.id in seen:
                place: Place = ("benefit", "portions", index)
                self.refuse(place, f'id "{portion.id}" is taken', "rename the portion")
            seen.add(portion.id)
        for name in self.file.benefit.also:
            if name in seen:
                self.refuse(("benefit", "also", name), f'"{name}" is taken', "rename it")

    def build_portions(self) -> tuple[Portion, ...]:
        portions = []
        for index, file in enumerate(self.file.benefit.portions):
            place: Place = ("benefit", "portions", index)
            when = None
            if file.when is not None:
                when = self.expression(file.when, (*place, "when"), Kind.BOOLEAN)
            portions.append(
                Portion(
                    id=file.id,
                    says=file.says or "",
                    source=file.source or "",
                    when=when,
                    text=file.when or "",
                    steps=self.build_steps(file.amount, (*place, "amount"), ()),
                )
            )
        return tuple(portions)

    def build_amount(self, portions: tuple[Portion, ...]) -> tuple[Step, ...]:
        amount = self.file.benefit.amount
        place: Place = ("benefit", "amount")
        if amount is None:
            if not portions and self.file.benefit.kind in ("cash", "relief", "deduction"):
                self.refuse(("benefit",), "the benefit has neither an amount nor portions")
            text = SUM_OF_PORTIONS
            return (Step(operation="portions", operand=None, text=text),) if portions else ()
        if isinstance(amount, str) and amount.strip() in (SUM_OF_PORTIONS, HIGHEST_PORTION):
            amount = [amount]
        elif portions and not (
            isinstance(amount, list)
            and isinstance(amount[0], str)
            and amount[0].strip() in (SUM_OF_PORTIONS, HIGHEST_PORTION)
        ):
            self.refuse(
                place,
                "with portions the amount begins with sum_of_portions or highest_portion",
                "or leave the amount out: the default is the sum",
            )
        return self.build_steps(amount, place, portions)

    def build_steps(
        self,
        amount: str | StepFile | list[str | StepFile],
        place: Place,
        portions: tuple[Portion, ...],
    ) -> tuple[Step, ...]:
        entries = amount if isinstance(amount, list) else [amount]
        if not entries:
            self.refuse(place, "the amount has no steps")
        steps = []
        for index, entry in enumerate(entries):
            at = (*place, index) if isinstance(amount, list) else place
            step = self.build_step(entry, at, portions)
            if step is None:
                continue
            opens = step.operation in ("take", "portions", "decided_by")
            if index == 0 and not opens:
                self.refuse(at, "an amount begins with an expression", "write it first")
            if index > 0 and step.operation == "portions":
                self.refuse(at, f'"{step.text}" stands first')
            steps.append(step)
        return tuple(steps)

    def build_step(
        self, entry: str | StepFile, place: Place, portions: tuple[Portion, ...]
    ) -> Step | None:
        if isinstance(entry, str):
            words = entry.strip()
            if words in (SUM_OF_PORTIONS, HIGHEST_PORTION):
                if not portions:
                    self.refuse(place, f'"{words}" needs portions')
                    return None
                return Step(operation="portions", operand=None, text=words)
            if words == "sum_of_rows":
                self.refuse(place, '"sum_of_rows" is not built yet', "it belongs to each:")
                return None
            operand = self.operand(entry, place)
            return Step(operation="take", operand=operand, text=entry)
        chosen = [key for key in _OPERATIONS if getattr(entry, key) is not None]
        if len(chosen) != 1:
            self.refuse(place, "a step has one operation", f"one of {', '.join(_OPERATIONS)}")
            return None
        key = chosen[0]
        text = getattr(entry, key)
        when = None
        if entry.when is not None:
            # in amounts the author may state what a missing fact counts as
            when = self.expression(entry.when, (*place, "when"), Kind.BOOLEAN, amount=True)
        says, source = entry.says or "", entry.source or ""
        if key == "decided_by":
            return Step(
                operation="decided_by", operand=None, text=text, when=when, says=says, source=source
            )
        if key == "round":
            return self.build_rounding(text, place, when, says, source)
        operand = self.operand(text, (*place, key))
        operation = "take" if key == "first" else key
        return Step(
            operation=operation,  # type: ignore[arg-type]  # one of _OPERATIONS
            operand=operand,
            text=text,
            when=when,
            says=says,
            source=source,
        )

    def operand(self, text: str, place: Place) -> Expression | None:
        """A number as authors write it, or a formula."""
        try:
            number = parse_number(text)
        except ValueError:
            return self.expression(text, place, Kind.NUMBER, amount=True)
        shown = f"{number.numerator} / {number.denominator}"
        return parse(str(number.numerator) if number.denominator == 1 else shown)

    def build_rounding(
        self, text: str, place: Place, when: Expression | None, says: str, source: str
    ) -> Step | None:
        words = " ".join(text.split())
        for name in ("half up", "down", "up"):
            if not words.startswith(name + " to "):
                continue
            unit_text = words.removeprefix(name + " to ")
            try:
                unit = parse_number(unit_text)
            except ValueError as error:
                self.refuse((*place, "round"), str(error))
                return None
            if unit <= 0:
                self.refuse((*place, "round"), "the unit of a rounding is above zero")
                return None
            return Step(
                operation="round_" + name.replace(" ", "_"),  # type: ignore[arg-type]
                operand=self.operand(unit_text, (*place, "round")),
                text=words,
                when=when,
                says=says,
                source=source,
            )
        self.refuse((*place, "round"), f'"{text}" is no rounding', "write: down to 1000")
        return None

    def build_dates(self, file: DatesFile, place: Place) -> tuple[date | None, date | None]:
        days: list[date | None] = []
        for key, text in (("from", file.from_), ("to", file.to)):
            day = None
            if text is not None:
                try:
                    day = date.fromisoformat(text)
                except ValueError:
                    self.refuse((*place, key), f'"{text}" is not a day', "write 2024-05-01")
            days.append(day)
        if days[0] and days[1] and days[1] < days[0]:
            self.refuse(place, "it ends before it begins")
        return days[0], days[1]

    def check_date_fact(self, name: str, place: Place) -> None:
        kind = self.check_expression(parse(name), place) if name.isidentifier() else None
        if kind is not Kind.DATE:
            self.refuse(place, f'"{name}" is no date fact')

    def check_period(self) -> None:
        if self.file.period in ("this", "last"):
            if self.file.period == "last" and self.file.per == "once":
                self.refuse(("period",), '"once" has no last period')
            return
        try:
            period = parse_period(self.file.period)
        except ValueError as error:
            self.refuse(("period",), str(error))
            return
        lengths = {"year": 12, "half": 6, "quarter": 3, "month": 1}
        per = self.file.per
        months = (
            (period.end.year - period.start.year) * 12 + period.end.month - period.start.month + 1
        )
        if isinstance(per, str) and lengths.get(per) != months:
            self.refuse(("period",), f'"{self.file.period}" is not a period of "per: {per}"')

    def check_parameters(self, parameters: list[DatedParameter]) -> None:
        start = self._starts_on()
        for parameter in parameters:
            place: Place = ("parameters", parameter.name)
            if start and parameter.at is None and span_on(parameter, start) is None:
                self.warn(
                    place,
                    f'"{parameter.name}" has no value on {start}, when the policy begins',
                    "until it has one, whoever needs it stays unknown",
                )
            for table in tables_of(parameter):
                for gap in gaps_of(table):
                    if self._whole_numbers(parameter, gap):
                        continue
                    self.warn(
                        place,
                        f'"{parameter.name}" has no row {gap}',
                        "add a row, else:, or a clause that keeps these out",
                    )

    def _starts_on(self) -> date | None:
        """The first day in force; None where there is none, or none that can be read."""
        try:
            return date.fromisoformat(self.file.effective.from_ or "")
        except ValueError:
            return None

    def _whole_numbers(self, parameter: DatedParameter, gap: str) -> bool:
        """A gap between neighbours like 79 and 80 is none for whole numbers."""
        table = tables_of(parameter)[0]
        fact = next((f for f in self.vocabulary.facts.values() if f.name == table.by[0].name), None)
        low, high = gap.removeprefix("between ").split(" and ")
        whole = fact is not None and fact.type is FactType.INTEGER
        return whole and float(high) - float(low) == 1

    def build_region(self) -> Region | None:
        region = self.file.region
        if region is None:
            return None
        file = RegionFile.model_validate({"in": [region]}) if isinstance(region, str) else region
        fact = file.of or REGION_FACTS[self.file.audience]
        if fact not in self.scope:
            self.refuse(("region", "of"), f'unknown fact "{fact}"')
        prefixes: dict[str, list[str]] = {"in": [], "except": []}
        for key, names in (("in", file.in_), ("except", file.except_)):
            for name in names:
                code = region_code(name)
                if code is None:
                    self.refuse(("region", key), f'"{name}" is no region', "write its code")
                else:
                    prefixes[key].append(region_prefix(code))
        return Region(
            fact=fact,
            within=tuple(prefixes["in"]) or ("",),
            excepted=tuple(prefixes["except"]),
        )

    def build_delivery(self) -> tuple[DeliveryCase, ...]:
        delivery = self.file.delivery
        if isinstance(delivery, str):
            return (DeliveryCase(when=None, by=delivery),)
        cases = []
        for index, file in enumerate(delivery):
            place: Place = ("delivery", index)
            for key in ("ahead", "answer", "late", "silence"):
                if getattr(file, key) is not None:
                    self.refuse((*place, key), f'"{key}" is not built yet')
            if (file.when is None) != (index == len(delivery) - 1):
                self.refuse(place, 'every case but the last has "when", the last has none')
            when = None
            if file.when is not None:
                when = self.expression(file.when, (*place, "when"), Kind.BOOLEAN)
            cases.append(DeliveryCase(when=when, by=file.by, says=file.says or ""))
        if self.file.not_modelled and any(case.by == "direct" for case in cases):
            self.refuse(("delivery",), '"direct" is blocked by not_modelled conditions')
        return tuple(cases)

    def build_examples(self, file: ExamplesFile | None) -> tuple[Example, ...]:
        if file is None:
            self.warn(("policy",), "the policy has no examples", "add worked cases under examples:")
            return ()
        examples = []
        for index, case in enumerate(file.cases):
            place: Place = ("examples", "cases", index)
            text = case.as_of or file.as_of
            try:
                as_of = date.fromisoformat(text or "")
            except ValueError:
                self.refuse(place, f'example "{case.name}" has no day', "add as_of: 2024-06-30")
                continue
            expect = case.expect
            given = dict(file.given) | dict(case.given)
            for name in given:
                if name not in self.scope and name not in self.vocabulary.datasets:
                    at = (*place, "given", name)
                    self.refuse(at, f'unknown fact "{name}" in an example', "declare it")
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
                    line=self.document.mark(place).line,
                )
            )
        return tuple(examples)

    def check_use(self, policy: Policy) -> None:
        """Warn of what is declared and never used: often a slip of a name."""
        used = reachable_facts(self.used, self.scope)
        for name in self.file.parameters:
            if name not in used:
                self.warn(("parameters", name), f'parameter "{name}" is never used')
        for name in self.file.facts:
            if name not in used and policy.effective_at != name:
                self.warn(("facts", name), f'fact "{name}" is never used')
        for leaf in leaves_of(policy.clauses):
            if leaf.when is not None and not reachable_facts([leaf.when], self.scope):
                self.warn(("clauses",), f'clause "{leaf.id}" uses no fact: it never changes')
        if policy.not_modelled and policy.delivery[-1].by == "direct":
            self.refuse(
                ("delivery",),
                '"delivery: direct" pays without asking, but not_modelled names conditions that '
                "data cannot settle",
                "use confirm or invite",
            )


def _by(file: ParameterFile) -> list[str]:
    return [file.by] if isinstance(file.by, str) else list(file.by or [])


def hash_content(value: object) -> str:
    """SHA-256 of a policy's meaning: independent of comments, spaces and the order of keys."""
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
