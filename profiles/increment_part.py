"""One part of an increment: whom to look at, their rows and facts of now, what is other."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from language.column import NOT_APPLICABLE
from profiles.answers import ANSWERED, DATASETS, apply_answers
from profiles.content import sort_rows
from profiles.derivation import compute_facts
from profiles.fact import Vocabulary
from profiles.flip import Flips
from profiles.identifier import subject_ids
from profiles.joining import join_rows, joined_row_sets
from profiles.key_index import KeyIndex
from profiles.layered_residents import LayeredResidents
from profiles.part_files import (
    answered_file,
    changes_file,
    doubtful_file,
    facts_file,
    flips_file,
    replaced_file,
    rows_file,
)
from profiles.parting import (
    Parting,
    find_doubtful,
    find_unclear_rows,
    part_rows,
    place_made,
    sure_rows,
    withhold,
)
from profiles.precedence import merge_parts
from profiles.region_figures import RegionFigures
from profiles.row_set import RowSet
from profiles.snapshot import (
    CHANGES,
    FACTS,
    Part,
    PartFrames,
    Snapshot,
    read_answered,
    read_flips,
    read_part,
    read_rows,
)
from profiles.snapshot_build import Plan, find_flips

ANYTHING = ""
TOUCHED = {"subject": pl.String(), "name": pl.String()}


class NotFit(Exception):
    """An increment cannot say what has changed; `args[0]` is why. The city is to be built anew."""


_NOBODY = pl.Series("subject", [], dtype=pl.String)


@dataclass(frozen=True, kw_only=True)
class PartBefore:
    """A part as it is in the base; its rows are read when they are asked for."""

    snapshot: Snapshot
    part: Part
    _rows: dict[str, pl.DataFrame] = field(default_factory=dict)

    @classmethod
    def open(cls, snapshot: Snapshot, kind: str, number: int) -> "PartBefore | None":
        """The part, or None where nobody was in it."""
        for part in snapshot.parts(kind):
            if part.number == number:
                return cls(snapshot=snapshot, part=part)
        return None

    @cached_property
    def frames(self) -> PartFrames:
        """Facts and doubt."""
        return read_part(self.snapshot, self.part, datasets=[])

    @cached_property
    def flips(self) -> pl.DataFrame:
        """Who flips when."""
        return read_flips(self.snapshot, self.part)

    @cached_property
    def _index(self) -> KeyIndex:
        return KeyIndex.of(self.frames.facts["subject"])

    def holds(self, subjects: pl.Series) -> pl.Series:
        """Which of these subjects are in the part; without any, the part is not read."""
        if not len(subjects):
            return pl.Series([], dtype=pl.Boolean)
        return pl.Series(self._index.find(subjects) >= 0)

    def facts_of(self, subjects: pl.Series) -> pl.DataFrame:
        """Their facts, in the order of these subjects; null of whom is not in the part."""
        places = pl.Series(self._index.find(subjects))
        places = places.set(places < 0, None)
        found = self.frames.facts.select(pl.all().gather(pl.lit(places)))
        return found.with_columns(subjects.alias("subject"))

    def rows(self, name: str) -> pl.DataFrame:
        """The rows of a dataset or row set."""
        if name not in self._rows:
            self._rows[name] = read_rows(self.snapshot, self.part, name)
        return self._rows[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an increment has of a part: its files, how many subjects there are now, and what others
    may have brought of them that is other: `subject`, and as `name` a fact, a dataset whose rows
    were looked at, or `ANYTHING`."""

    frames: Mapping[str, pl.DataFrame]
    subjects: int
    touched: pl.DataFrame


@dataclass(kw_only=True)
class PartIncrement:
    """The way from a part of the base to what is other in it.

    `keys` are the identifiers whose rows have changed, by dataset; `touched` what is other of
    residents, as `Found` has it.
    """

    plan: Plan
    parting: Parting
    number: int
    before: PartBefore
    keys: Mapping[str, pl.Series]
    flips: Flips
    regions: RegionFigures
    moved: Mapping[str, pl.DataFrame]
    former: pl.DataFrame
    residents: LayeredResidents
    touched: pl.DataFrame
    _rows: dict[str, pl.DataFrame] = field(default_factory=dict)
    _fresh: dict[str, pl.DataFrame] = field(default_factory=dict)
    _fresh_of: dict[str, pl.Series] = field(default_factory=dict)
    _disagreeing: dict[str, pl.Series] = field(default_factory=dict)
    _answered: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ANSWERED))

    def build(self) -> Found | None:
        """What is other; None where nothing is."""
        members = self._find_members()
        came = members["subject"].filter(~self.before.holds(members["subject"]))
        left = self._find_left(members)
        affected = self._find_affected(members, came)
        affected = {name: _without(subjects, left) for name, subjects in affected.items()}
        joined = {
            row_set.name: _without(self._find_joined(row_set, affected), left)
            for row_set in joined_row_sets(self.plan.vocabulary, self.parting.kind)
            if row_set.name in self.before.part.datasets
        }
        looked_at = _union([*affected.values(), *joined.values()])
        if not len(looked_at) and not len(left):
            return None
        doubtful = self._find_doubtful(members, left)
        rows = {
            name: self._rows_of(name, subjects)
            for name, subjects in affected.items()
            if len(subjects)
        }
        for row_set in joined_row_sets(self.plan.vocabulary, self.parting.kind):
            if len(joined.get(row_set.name, _NOBODY)):
                rows[row_set.name] = self._join(row_set, joined[row_set.name], doubtful)
        affected |= joined
        facts = self._find_facts(looked_at, affected, rows, doubtful, members)
        changes = self._tell_changes(facts, came, left)
        changed = changes["subject"].unique()
        frames = {
            facts_file(self.parting.kind, self.number): facts.filter(
                pl.col("subject").is_in(changed.implode())
            ),
            doubtful_file(self.parting.kind, self.number): doubtful,
            answered_file(self.parting.kind, self.number): self._tell_answered(looked_at, left),
            flips_file(self.parting.kind, self.number): self._find_flips(affected, rows, left),
            changes_file(self.parting.kind, self.number): changes,
        }
        replaced = {FACTS: changed}
        fresh = self._fresh | {name: rows[name] for name in joined if name in rows}
        fresh_of = self._fresh_of | joined
        for name in self.before.part.datasets:
            subjects = _union([fresh_of.get(name, _NOBODY), left])
            if len(subjects):
                own = fresh[name] if name in fresh else self.before.rows(name).clear()
                frames[rows_file(name, self.parting.kind, self.number)] = own
                replaced[name] = subjects
        frames[replaced_file(self.parting.kind, self.number)] = _list_by_source(replaced)
        return Found(
            frames=frames,
            subjects=self.before.part.subjects + len(came) - len(left),
            touched=_tell_touched(changes, affected),
        )

    def _find_members(self) -> pl.DataFrame:
        """Whose rows have changed and who came by the day: `identifier`, `region`, `subject`."""
        wanted = pl.concat([pl.Series("key", [], dtype=pl.String), *self._all_keys()]).unique()
        return self.parting.members_of(self.number, only=wanted, since=self.before.snapshot.as_of)

    def _all_keys(self) -> Iterable[pl.Series]:
        return (keys.alias("key") for keys in self.keys.values())

    def _due(self, source: str) -> pl.Series:
        """Who flips, in the rows of a source, since the base and until now."""
        return self._all_due.get(source, _NOBODY)

    @cached_property
    def _all_due(self) -> Mapping[str, pl.Series]:
        due = self.before.flips.filter(pl.col("flips_on") <= self.plan.as_of)
        return {str(source): rows["subject"] for (source,), rows in due.group_by("source")}

    def _find_left(self, members: pl.DataFrame) -> pl.Series:
        """Who was in the register and is in force no more."""
        register = self.parting.register.dataset
        keys = self.keys.get(register.name, pl.Series("key", [], dtype=pl.String))
        ids = subject_ids(self.parting.kind, keys, self.plan.key)
        gone = _without(ids.filter(self.before.holds(ids)), members["subject"])
        due = _without(self._due(register.name), ids)
        if len(due):
            last = register.time.columns[1]
            rows = self.before.rows(register.name).filter(pl.col("subject").is_in(due.implode()))
            gone = _union([gone, rows.filter(pl.col(last) < self.plan.as_of)["subject"]])
        return _union([gone])

    def _find_affected(self, members: pl.DataFrame, came: pl.Series) -> dict[str, pl.Series]:
        """By dataset, and by rows of our own, whom to look at; reads the rows that are new."""
        affected = {}
        for item in self.plan.chosen:
            name = item.dataset.name
            if item.stale or item.dataset.kind != self.parting.kind:
                continue
            keys = self.keys.get(name, pl.Series("key", [], dtype=pl.String))
            mine = pl.col("identifier").is_in(keys.implode())
            mine |= pl.col("subject").is_in(came.implode())
            fresh = members.filter(mine) if len(keys) or len(came) else members.clear()
            if fresh.height:
                moved = self.moved.get(name, pl.DataFrame())
                index = KeyIndex.of(fresh["identifier"])
                rows, doubts, _ = part_rows(
                    item, self.parting, self.number, fresh, index, moved, only=True
                )
                self._fresh[name], self._fresh_of[name] = rows, fresh["subject"]
                self._disagreeing[name] = doubts
            affected[name] = _union([fresh["subject"], self._due(name), self._turned(name)])
        # what departments say stands no longer in the facts of whoever has answered
        answering = affected.get(DATASETS.get(self.parting.kind, ""), _NOBODY)
        for name, made in sorted(self.plan.made.items()):
            if name not in self.before.part.datasets:
                raise NotFit(f"{name} came for the first time")
            # without rows of anybody of the kind it does not matter who is in the part
            some = (made["kind"] == self.parting.kind).any()
            here = [self.before.frames.facts["subject"], came] if some else [came]
            own = pl.DataFrame({"subject": pl.concat(here)})
            now = place_made(made, self.parting.kind, own, self.former)
            differing = _union([_differing(self.before.rows(name), now), came])
            if len(differing):
                self._fresh[name] = now.filter(pl.col("subject").is_in(differing.implode()))
                self._fresh_of[name] = differing
            affected[name] = _union([differing, self._due(name), self._turned(name)])
        return {name: _union([subjects, answering]) for name, subjects in affected.items()}

    def _turned(self, source: str) -> pl.Series:
        before = self.before.snapshot.as_of
        if not self.flips.turns(source, before, self.plan.as_of):
            return _NOBODY
        return self.flips.turned(source, self.before.rows(source), before, self.plan.as_of)

    def _find_joined(self, row_set: RowSet, affected: Mapping[str, pl.Series]) -> pl.Series:
        """Whom to look at in rows that bring facts of residents."""
        found = [affected[row_set.dataset or ""], self._due(row_set.name)]
        found.append(self._turned(row_set.name))
        for target in _targets(row_set, self.plan.vocabulary):
            found.append(affected.get(target, _NOBODY))
        for person, names in _persons(row_set, self.plan.vocabulary).items():
            wanted = pl.col("name").is_in([ANYTHING, *names])
            touched = self.touched.filter(wanted)["subject"].unique()
            if len(touched):
                rows = self.before.rows(row_set.name)
                found.append(rows.filter(pl.col(person).is_in(touched.implode()))["subject"])
        return _union(found)

    def _rows_of(self, name: str, subjects: pl.Series) -> pl.DataFrame:
        """The rows of now of these subjects."""
        fresh = self._fresh.get(name)
        fresh_of = self._fresh_of.get(name, _NOBODY)
        stale = _without(subjects, fresh_of)
        found = [] if fresh is None else [fresh.filter(pl.col("subject").is_in(subjects.implode()))]
        if len(stale) or fresh is None:
            rows = self.before.rows(name)
            found.append(rows.filter(pl.col("subject").is_in(stale.implode())))
        return pl.concat(found).sort("subject", maintain_order=True)

    def _find_doubtful(self, members: pl.DataFrame, left: pl.Series) -> pl.DataFrame:
        """The doubt of now: of whom rows were read anew what is set aside now, else as before."""
        kept = self.before.frames.doubtful.filter(~pl.col("subject").is_in(left.implode()))
        found = []
        for item in self.plan.chosen:
            fresh = self._fresh_of.get(item.dataset.name)
            if fresh is None or item.dataset.kind != self.parting.kind:
                continue
            mine = members.filter(pl.col("subject").is_in(fresh.implode()))
            about = (pl.col("dataset") == item.dataset.name) & pl.col("subject").is_in(
                fresh.implode()
            )
            kept = kept.filter(~about)
            found.append(find_doubtful([item], self.parting, mine, self._disagreeing))
        came = members.filter(~self.before.holds(members["subject"]))
        found.append(find_unclear_rows(self.plan.made, self.parting, came))
        return sort_rows(pl.concat([kept, *found]))

    def _join(self, row_set: RowSet, subjects: pl.Series, doubtful: pl.DataFrame) -> pl.DataFrame:
        vocabulary = self.plan.vocabulary
        names = {row_set.dataset or "", *_targets(row_set, vocabulary)}
        known = set(self.before.part.datasets)
        rows = {name: self._rows_of(name, subjects) for name in sorted(names & known)}
        frame = join_rows(row_set, vocabulary, rows, self.residents, doubtful, self.plan.as_of)
        assert frame is not None
        return frame

    def _find_facts(
        self,
        looked_at: pl.Series,
        affected: Mapping[str, pl.Series],
        rows: Mapping[str, pl.DataFrame],
        doubtful: pl.DataFrame,
        members: pl.DataFrame,
    ) -> pl.DataFrame:
        """The facts of now of all who were looked at, sorted by subject."""
        kind, vocabulary = self.parting.kind, self.plan.vocabulary
        before = self.before.frames.facts
        facts = self.before.facts_of(looked_at)
        facts = self._without_answers(facts)
        for source, subjects in affected.items():
            measured = _measured_over(vocabulary, kind, source, set(self.before.part.datasets))
            if not measured.facts or not len(subjects):
                continue
            found = compute_facts(measured, kind, subjects, {source: rows[source]}, self.plan.as_of)
            facts = _overlay(facts, found)
        merged = [
            merge_parts(fact, {name: facts[name] for name in facts.columns})
            for fact in vocabulary.facts.values()
            if fact.of == kind and fact.others
        ]
        flags = [name for name in facts.columns if name.endswith(NOT_APPLICABLE)]
        facts = facts.with_columns(merged).with_columns(pl.col(flags).fill_null(False))
        facts = withhold(facts, vocabulary, kind, doubtful)
        answers = self._find_answers(looked_at, doubtful)
        facts, self._answered = apply_answers(facts, answers, vocabulary, kind, self.plan.as_of)
        placed = members.filter(pl.col("subject").is_in(looked_at.implode()))
        figures = self.regions.of(placed["region"])
        facts = _overlay(facts, pl.concat([placed.select("subject"), figures], how="horizontal"))
        return facts.select(before.columns)

    def _without_answers(self, facts: pl.DataFrame) -> pl.DataFrame:
        """The facts of before without what people had answered: that expires, whether or not
        departments are asked again."""
        answered = read_answered(self.before.snapshot, self.before.part)
        changed = []
        for (name,), frame in answered.group_by("fact"):
            kept = ~pl.col("subject").is_in(frame["subject"].implode())
            changed.append(pl.when(kept).then(pl.col(str(name))).alias(str(name)))
            flag = str(name) + NOT_APPLICABLE
            if flag in facts.columns:
                changed.append((pl.col(flag) & kept).alias(flag))
        return facts.with_columns(changed)

    def _find_answers(self, subjects: pl.Series, doubtful: pl.DataFrame) -> pl.DataFrame | None:
        """The answers of now of these subjects."""
        name = DATASETS.get(self.parting.kind, "")
        known = name in self.before.part.datasets
        rows = {name: self._rows_of(name, subjects)} if known else {}
        return sure_rows(name, rows, doubtful)

    def _tell_answered(self, looked_at: pl.Series, left: pl.Series) -> pl.DataFrame:
        """The answers that count now: of whom was looked at those found, else as before."""
        other = _union([looked_at, left])
        kept = read_answered(self.before.snapshot, self.before.part)
        kept = kept.filter(~pl.col("subject").is_in(other.implode()))
        return sort_rows(pl.concat([kept, self._answered]))

    def _tell_changes(self, facts: pl.DataFrame, came: pl.Series, left: pl.Series) -> pl.DataFrame:
        """Who came and left, and which facts of whom are other than in the base."""
        stays = facts.filter(self.before.holds(facts["subject"]))
        was = self.before.facts_of(stays["subject"])
        found = [pl.DataFrame(schema=CHANGES)]
        for change, subjects in (("came", came), ("left", left)):
            found.append(
                pl.DataFrame({"subject": subjects}).with_columns(
                    pl.lit(change).alias("change"), pl.lit(None, dtype=pl.String).alias("fact")
                )
            )
        for name in facts.columns[1:]:
            differs = stays[name].ne_missing(was[name])
            if not differs.any():
                continue
            other = stays["subject"].filter(differs)
            fact = name.removesuffix(NOT_APPLICABLE)
            found.append(
                pl.DataFrame({"subject": other}).with_columns(
                    pl.lit("changed").alias("change"), pl.lit(fact).alias("fact")
                )
            )
        return sort_rows(pl.concat(found).unique())

    def _find_flips(
        self,
        affected: Mapping[str, pl.Series],
        rows: Mapping[str, pl.DataFrame],
        left: pl.Series,
    ) -> pl.DataFrame:
        """Who flips from now on: of whom rows were looked at by these, else as before."""
        looked_at = _list_by_source(affected)
        kept = self.before.flips.join(looked_at, on=["source", "subject"], how="anti")
        kept = kept.filter(~pl.col("subject").is_in(left.implode()))
        found = find_flips(self.flips, rows, self.plan.as_of, self.before.snapshot.horizon)
        return pl.concat([kept, found]).sort("source", "subject")


def _measured_over(vocabulary: Vocabulary, kind: str, source: str, known: set[str]) -> Vocabulary:
    """The vocabulary with only the facts that are measured over the rows of a source."""
    facts = {}
    for name, fact in vocabulary.facts.items():
        if fact.of != kind or fact.measure is None or fact.others:
            continue
        row_set = vocabulary.row_sets[fact.measure.rows]
        own = row_set.name if row_set.name in known else row_set.dataset
        if own == source:
            facts[name] = fact
    return replace(vocabulary, facts=facts)


def _targets(row_set: RowSet, vocabulary: Vocabulary) -> list[str]:
    """The datasets over whose rows columns of a row set are measured."""
    measures = [column.measure for column in row_set.columns.values() if column.measure]
    return sorted({vocabulary.row_sets[measure.rows].dataset or "" for measure in measures})


def _persons(row_set: RowSet, vocabulary: Vocabulary) -> dict[str, set[str]]:
    """By column that names residents, the facts and the datasets of theirs that are brought."""
    persons: dict[str, set[str]] = defaultdict(set)
    for column in row_set.columns.values():
        if column.brought is not None:
            persons[column.brought.by].add(column.brought.fact)
        if column.measure is not None:
            target = vocabulary.row_sets[column.measure.rows]
            if any(name not in target.columns for name in column.measure.match):
                for name in column.measure.match:
                    persons[name].add(target.dataset or "")
    return {name: brought for name, brought in persons.items() if name in row_set.columns}


def _tell_touched(changes: pl.DataFrame, affected: Mapping[str, pl.Series]) -> pl.DataFrame:
    """What is other, and whose rows were looked at: `subject`, `name`."""
    names = pl.col("fact").fill_null(ANYTHING).alias("name")
    found = [changes.select("subject", names)]
    found += [
        pl.DataFrame({"subject": subjects}).with_columns(pl.lit(source).alias("name"))
        for source, subjects in affected.items()
        if len(subjects)
    ]
    return pl.concat(found)


def _overlay(facts: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The facts with what was found of some of their subjects in the place of what was there."""
    if not found.height:
        return facts
    places = facts.select("subject").join(
        found.with_columns(pl.lit(True).alias("::found")),
        on="subject",
        how="left",
        maintain_order="left",
    )
    mine = places["::found"].fill_null(False)
    columns = []
    for name in found.columns[1:]:
        if name in facts.columns:
            columns.append(places[name].zip_with(mine, facts[name]).alias(name))
        else:
            columns.append(places[name])
    return facts.with_columns(columns)


def _differing(before: pl.DataFrame, now: pl.DataFrame) -> pl.Series:
    """The subjects of whom two frames of one form hold other rows."""
    counted = pl.concat(
        [
            before.with_columns(pl.lit(-1, dtype=pl.Int64).alias("::count")),
            now.select(before.columns).with_columns(pl.lit(1, dtype=pl.Int64).alias("::count")),
        ]
    )
    totals = counted.group_by(before.columns).agg(pl.col("::count").sum())
    return totals.filter(pl.col("::count") != 0)["subject"].unique()


def _without(subjects: pl.Series, others: pl.Series) -> pl.Series:
    if not len(subjects) or not len(others):
        return subjects
    return subjects.filter(~subjects.is_in(others.implode()))


def _union(found: Iterable[pl.Series]) -> pl.Series:
    """All of these subjects, sorted, each once."""
    series = [subjects.alias("subject") for subjects in found if len(subjects)]
    return pl.concat(series).unique().sort() if series else _NOBODY


def _list_by_source(subjects: Mapping[str, pl.Series]) -> pl.DataFrame:
    """`source`, `subject`, sorted."""
    found = [pl.DataFrame(schema={"source": pl.String, "subject": pl.String})]
    for source, series in subjects.items():
        lines = pl.DataFrame({"subject": series}).select(pl.lit(source).alias("source"), "subject")
        found.append(lines)
    return pl.concat(found).sort("source", "subject")
