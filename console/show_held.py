"""What the brake holds, on the terminal and as JSON."""

from typing import Any

from rich.markup import escape
from rich.text import Text

from console import show
from console.brake_words import CHANGES, STATES, tell_excess, tell_figures, tell_held
from console.braking import PolicyState
from console.held_causes import CausesFound, tell_causes
from console.held_difference import KINDS, Compared
from engine.brake import Held
from engine.run_policy import RunPolicy


def describe_state(one: PolicyState | RunPolicy) -> dict[str, Any]:
    """How a policy stands in a run, as JSON."""
    figures = one.figures
    return {
        "policy": one.policy,
        "version": one.version,
        "state": one.state,
        "audience": figures.audience,
        "subjects": figures.reached,
        "eligible": figures.eligible,
        "eligible_before": figures.before,
        "gained": figures.gained,
        "lost": figures.lost,
        "unsettled": figures.unsettled,
        "amount_changed": figures.amount_changed,
        "difference_fen": figures.difference_fen,
        "over": _describe_held(one.held),
        "linked": list(one.held.linked),
    }


def _describe_held(held: Held) -> list[dict[str, Any]]:
    return [
        {
            "limit": excess.limit,
            "figure": excess.figure,
            "of": excess.of,
            "allowed": str(excess.allowed),
            "says": dict(zip(("zh", "en"), tell_excess(excess), strict=True)),
        }
        for excess in held.excesses
    ]


def describe_held(one: RunPolicy, behind: list[str]) -> dict[str, Any]:
    """A held policy with its run, what it was compared with, and who stands behind it."""
    return {
        "run": one.run_id,
        "compared_with": one.base_run,
        **describe_state(one),
        "persons": behind,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
    }


def show_held_list(held: list[RunPolicy]) -> None:
    """A line for each policy that is or was held."""
    if not held:
        show.out.print("nothing is held")
        return
    table = show.make_table(
        "policy", "run", "state", "before", "now", "gained", "lost", "unknown", "yuan",
        numbers=(3, 4, 5, 6, 7, 8), whole=(0, 2),
    )  # fmt: skip
    for one in held:
        figures = one.figures
        table.add_row(
            one.key,
            one.run_id,
            Text(" ".join(STATES[one.state]), style="yellow" if one.state == "held" else "dim"),
            "—" if figures.before is None else f"{figures.before:,}",
            f"{figures.eligible:,}",
            f"+{figures.gained:,}",
            f"-{figures.lost:,}",
            f"{figures.unsettled:,}",
            f"{figures.difference_fen / 100:+,.2f}",
        )
    show.out.print(table)


def show_compared(
    compared: Compared, causes: CausesFound | None, behind: list[str], most: int
) -> None:
    """A held policy: why, what changes by which clause, samples, and what it waits for."""
    one, out = compared.one, show.out
    out.rule(f"[bold]{escape(one.key)}[/] {' '.join(STATES[one.state])}", align="left")
    against = "nothing: it runs for the first time" if one.base_run is None else one.base_run
    out.print(f"run {one.run_id}, outcome {(compared.run.outcome_hash or '')[:12]}", soft_wrap=True)
    out.print(f"compared with {against}", soft_wrap=True)
    for zh, en in (tell_figures(one.figures), *tell_held(one.held)):
        out.print(f"  {escape(zh)} · {escape(en)}", soft_wrap=True)
    for zh, en in tell_causes(causes) if causes else ():
        out.print(f"{escape(zh)} · {escape(en.strip())}", soft_wrap=True)
    for kind, count in compared.counts().items():
        if not count or not most:
            continue
        zh, en = CHANGES[kind]
        sample = compared.sample(kind, most)
        out.print(f"[bold]{zh} {en}[/]: {count:,}, of which {sample.height}")
        table = show.make_table("subject", "period", "item", "yuan before", "yuan now",
                                numbers=(3, 4), whole=(0,))  # fmt: skip
        for row in sample.iter_rows(named=True):
            table.add_row(
                row["subject"],
                row["period"],
                row["item"],
                _yuan(row["amount_before_fen"], row["was"]),
                _yuan(row["amount_fen"], row["now"]),
            )
        out.print(table)
    if one.state == "held":
        waits = f"signed by {', '.join(behind)}" if behind else "nobody has signed it"
        out.print(
            f"{escape(waits)}; two people must stand behind it: zhida held approve {one.policy} "
            f"--as NAME, or zhida held discard {one.policy} --as NAME --reason …",
            soft_wrap=True,
        )


def samples_as_json(compared: Compared, most: int) -> dict[str, Any]:
    """Samples of each kind of change."""
    return {
        kind: compared.sample(kind, most).drop("policy", "change").to_dicts()
        for kind in KINDS
        if compared.counts()[kind]
    }


def _yuan(fen: int | None, verdict: str) -> str:
    if verdict != "eligible":
        return "—"
    return "open" if fen is None else f"{fen / 100:,.2f}"
