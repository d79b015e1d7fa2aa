"""`zhida simulate`: a policy tried on a city before anybody is told."""

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from itertools import product
from pathlib import Path
from typing import Annotated, cast

import typer

from console import show
from console.command import settings_of
from console.options import Adopt, Spoken, VocabularyPaths, one_of
from console.show_page import show_page, write_page
from console.simulation_data import simulation_as_json, write_csv
from console.simulation_page import build_simulation
from console.sweep import Sweep, read_sweep
from console.trial_city import sample_snapshot
from console.wiring import load_chosen, load_words, newest_snapshot
from engine.simulation import Simulation, Variant, simulate
from engine.wording import Language
from policies.load import CATALOGUE
from policies.policy import Policy
from policies.varied import vary_parameter

MOST_VALUES = 60
"""Values that are tried at once, of one parameter or of two together."""


def simulate_policies(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Policy files or folders to try.")],
    against: Annotated[
        Path | None,
        typer.Option(help="Files or a folder with what is in force (default: the catalogue)."),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            help="Try other values: limit=0.03..0.08, limit=3%,5%,8%, rate[small]=50%..90%/5."
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Try it on a sample city of so many residents, not on the home's newest snapshot.",
        ),
    ] = None,
    adopt: Adopt = None,
    months: Annotated[
        bool, typer.Option("--months/--no-months", help="Also the pace over the year by month.")
    ] = True,
    vocabulary: VocabularyPaths = None,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text, json, csv or html.")] = "text",
    out: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
) -> None:
    """Try policies on everybody in a snapshot: who gains, who loses, what it costs.

    Nothing is written but what --out names: no run, no award, no notice.
    """  # fmt: skip
    one_of(language, "zh", "en")
    one_of(output, "text", "json", "csv", "html")
    sweeps = [read_sweep(text) for text in vary or ()]
    if len(sweeps) > 2:
        raise typer.BadParameter("at most two parameters are varied at once")
    words = load_words(vocabulary or ())
    proposals = load_chosen(paths, words, adopt).policies
    if sweeps and len(proposals) != 1:
        raise typer.BadParameter("--vary takes one policy: name a file that holds one")
    in_force = load_chosen([against or CATALOGUE], words, adopt).policies
    found: list[tuple[Simulation, Sequence[Sweep]]] = []
    with ExitStack() as stack:
        tell = stack.enter_context(show.progress())
        built = (
            newest_snapshot(settings_of(context))
            if sample is None
            else stack.enter_context(sample_snapshot(words, sample, tell))
        )
        for policy in proposals:
            baseline = find_baseline(policy, in_force, built.as_of)
            found.append((
                simulate(
                    policy,
                    baseline,
                    words,
                    built,
                    variants=vary_all(policy, sweeps, built.as_of),
                    by_month=months,
                    tell=tell,
                ),
                sweeps,
            ))  # fmt: skip
    _print(found, output, cast(Language, language), out)


def find_baseline(policy: Policy, in_force: Sequence[Policy], day: date) -> Policy | None:
    """The version of a policy that is in force on a day, other than the proposal itself."""
    others = [
        one for one in in_force if one.id == policy.id and one.content_hash != policy.content_hash
    ]
    held = [one for one in others if one.in_force(day) is None]
    # before the first or after the last day the nearest version is what people know
    return max(held or others, key=lambda one: one.starts_on, default=None)


def vary_all(policy: Policy, sweeps: Sequence[Sweep], day: date) -> list[Variant]:
    """The policy with each of the values, or with each pair of values of two parameters."""
    if not sweeps:
        return []
    grid = list(product(*(sweep.values for sweep in sweeps)))
    if len(grid) > MOST_VALUES:
        raise typer.BadParameter(f"these are {len(grid)} values, at most {MOST_VALUES} are tried")
    variants = []
    for values in grid:
        varied = policy
        for sweep, value in zip(sweeps, values, strict=True):
            varied = vary_parameter(varied, sweep.name, sweep.row, value, day)
        variants.append(Variant(values=values, policy=varied))
    return variants


def _print(
    found: Sequence[tuple[Simulation, Sequence[Sweep]]],
    output: str,
    language: Language,
    out: Path | None,
) -> None:
    match output:
        case "text" if out is None:
            for one, varied in found:
                show_page(build_simulation(one, varied, language))
            return
        case "json":
            data = [simulation_as_json(one, varied) for one, varied in found]
            text = json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n"
        case "csv":
            text = write_csv(found)
        case _:
            text = write_page([build_simulation(one, varied, language) for one, varied in found])
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")
