"""Why a held policy changes what it does: the clauses responsible, counted over a sample.

Each subject of the sample is decided twice by the reference: by the version and on the snapshot of
what counted before, and by those of the run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from console.brake_words import CHANGES
from console.held_difference import KINDS, Compared
from console.kept_program import load_kept
from console.settings import Settings
from engine.decision import decide
from engine.evaluate_rows import rows_by_subject
from engine.own_measures import add_own_measures, datasets_needed
from engine.program import Bound, Program, bind
from engine.responsible import Cause, Causes, Judged, count_causes, find_causes
from engine.row_frames import row_frame_of_part
from engine.rows import MISSING_ROWS
from engine.run import Run
from language.frame import facts_of_row
from policies.policy import leaves_of
from profiles.fact import Vocabulary
from profiles.snapshot import PartFrames, Snapshot, open_snapshot, read_part

MOST = 1_000
"""So many subjects of each kind of change are decided twice, one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CausesOfKind:
    """Of `changes` of a kind `looked_at` were decided twice; `counted` are their causes."""

    kind: str
    changes: int
    looked_at: int
    counted: tuple[tuple[Causes, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CausesFound:
    """The causes of each kind of change, and what clauses and names are called."""

    kinds: tuple[CausesOfKind, ...]
    clauses: Mapping[str, str]
    vocabulary: Vocabulary


def find_causes_of_held(
    settings: Settings, compared: Compared, most: int = MOST
) -> CausesFound | None:
    """Why subjects gained, lost or became unknown; None where there is nothing to compare with."""
    if compared.base is None:
        return None
    policy = compared.one.policy
    before = _bound_of(settings, compared.base, policy)
    now = _bound_of(settings, compared.run, policy)
    kinds = [kind for kind in KINDS if kind != "amount_changed"]
    samples = {kind: compared.sample(kind, most)["subject"].unique().sort() for kind in kinds}
    wanted = pl.concat([pl.Series("subject", [], dtype=pl.String), *samples.values()]).unique()
    judged_before = judge_subjects(before[0], before[1], wanted)
    judged_now = judge_subjects(now[0], now[1], wanted)
    found = []
    for kind, subjects in samples.items():
        if subjects.is_empty():
            continue
        causes = [find_causes(judged_before.get(s), judged_now.get(s)) for s in subjects]
        found.append(
            CausesOfKind(
                kind=kind,
                changes=compared.counts()[kind],
                looked_at=len(causes),
                counted=tuple(count_causes(causes)),
            )
        )
    return CausesFound(
        kinds=tuple(found),
        clauses=_names_of_clauses(before[0]) | _names_of_clauses(now[0]),
        vocabulary=now[2].vocabulary,
    )


def judge_subjects(bound: Bound, snapshot: Snapshot, subjects: pl.Series) -> dict[str, Judged]:
    """A policy's decisions on these subjects of a snapshot, as the reference takes them."""
    found: dict[str, Judged] = {}
    needed = datasets_needed([bound])
    for part in snapshot.parts(bound.policy.audience):
        frames = read_part(snapshot, part, datasets=needed)
        mine = frames.facts.filter(pl.col("subject").is_in(subjects.implode()))
        if mine.is_empty():
            continue
        rows = {
            name: rows.filter(pl.col("subject").is_in(mine["subject"].implode()))
            for name, rows in frames.rows.items()
        }
        few = PartFrames(facts=mine, rows=rows, doubtful=frames.doubtful)
        found |= _judge_frame(bound, few)
    return found


def _judge_frame(bound: Bound, part: PartFrames) -> dict[str, Judged]:
    frame = add_own_measures([bound], part.facts, part.rows, part.doubtful)
    rows = {}
    if bound.policy.each is not None:
        given = row_frame_of_part(bound, frame, part.rows, part.doubtful)
        rows = dict(rows_by_subject(bound, frame["subject"], given))
    judged = {}
    for row in frame.iter_rows(named=True):
        subject = row["subject"]
        facts = facts_of_row(row, bound.types)
        decision = decide(bound, facts, rows=rows.get(subject, MISSING_ROWS))
        judged[subject] = Judged(bound=bound, facts=facts, decision=decision)
    return judged


def _bound_of(settings: Settings, run: Run, policy: str) -> tuple[Bound, Snapshot, Program]:
    """The version of a policy that a run decided by, and its snapshot."""
    program = load_kept(settings, run.program_hash)
    snapshot = open_snapshot(settings.snapshots / run.snapshot_hash)
    bounds = [
        bind(one, program.vocabulary, snapshot.as_of)
        for one in program.policies
        if one.id == policy
    ]
    inside = [bound for bound in bounds if bound.outside is None]
    return (inside or bounds)[0], snapshot, program


def _names_of_clauses(bound: Bound) -> dict[str, str]:
    policy = bound.policy
    leaves = [*leaves_of(policy.clauses), *(leaves_of(policy.each.clauses) if policy.each else ())]
    return {leaf.id: leaf.says for leaf in leaves if leaf.says}


_WHY = {
    "facts": ("{}有变", "{} changed"),
    "values": ("参数{}有变", "the parameter {} changed"),
    "text": ("条款已改", "the clause was changed"),
    "missing": ("{}缺失", "{} is missing now"),
    "came": ("新增对象", "new in the snapshot"),
    "gone": ("已不在快照中", "no longer in the snapshot"),
    "other": ("无法归因", "for another reason"),
}


def tell_causes(found: CausesFound) -> list[tuple[str, str]]:
    """The causes in words, the most frequent first, in both languages."""
    lines = []
    for kind in found.kinds:
        zh, en = CHANGES[kind.kind]
        some = kind.looked_at < kind.changes
        lines.append(
            (
                f"{zh}{kind.changes:,}" + (f"，抽查{kind.looked_at:,}" if some else ""),
                f"{en} {kind.changes:,}" + (f", looked at {kind.looked_at:,}" if some else ""),
            )
        )
        for causes, count in kind.counted:
            told = [_tell_cause(cause, found) for cause in causes] or [("未变", "no difference")]
            lines.append(
                (
                    f"  {count:,}：" + "；".join(zh for zh, _ in told),
                    f"  {count:,} by " + ", and by ".join(en for _, en in told),
                )
            )
    return lines


def _tell_cause(cause: Cause, found: CausesFound) -> tuple[str, str]:
    labels = [found.vocabulary.facts.get(name) for name in cause.names]
    named_zh = "、".join(
        fact.label_zh if fact is not None and fact.label_zh else name
        for fact, name in zip(labels, cause.names, strict=True)
    )
    named_en = ", ".join(cause.names)
    zh, en = _WHY[cause.why]
    zh, en = zh.format(named_zh), en.format(named_en)
    if not cause.clause:
        return zh, en
    says = found.clauses.get(cause.clause, "")
    told = f"{cause.clause}“{says}”" if says else cause.clause
    return f"条款{told}（{zh}）", f"clause {cause.clause} ({en})"


def causes_as_json(found: CausesFound | None) -> Sequence[Mapping[str, object]]:
    """The causes for a program to read."""
    if found is None:
        return []
    return [
        {
            "change": kind.kind,
            "subjects": kind.changes,
            "looked_at": kind.looked_at,
            "causes": [
                {
                    "subjects": count,
                    "by": [
                        {"clause": cause.clause, "why": cause.why, "names": list(cause.names)}
                        for cause in causes
                    ],
                }
                for causes, count in kind.counted
            ],
        }
        for kind in found.kinds
    ]
