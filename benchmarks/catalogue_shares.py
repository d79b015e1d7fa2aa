"""How many are eligible and unknown in the sample city, by the real catalogue and by the generated
policies of the benchmark of a run.

`python -m benchmarks.catalogue_shares` takes a minute. The catalogue is adopted by the city as in
`zhida demo`. Most of its unknown verdicts come from datasets that the sample city does not deliver.
"""

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.catalogue_shapes import REGION_OF, draw_drafts, write_policies
from benchmarks.outcome_sums import sum_outcome
from benchmarks.scale_city import make_city
from console.deciding import evaluate_snapshot
from engine.program import compile_policies
from policies.adoption import adopt
from policies.load import CATALOGUE, load_policies
from policies.policy import Policy
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.snapshot import Snapshot
from profiles.vocabulary_load import builtin_vocabulary

CITY = "990100"


def share_by_kind(
    policies: Iterable[Policy], vocabulary: Vocabulary, city: Snapshot, outcome: Path
) -> pl.DataFrame:
    """For each kind of subjects the policies in force and, in the mean of them, the shares of
    subjects that are eligible, unknown, and eligible for an open amount."""
    chosen = [policy for policy in policies if policy.in_force(city.as_of) is None]
    evaluate_snapshot(compile_policies(chosen, vocabulary), city, outcome, lambda *told: None)
    sums = sum_outcome(outcome, city)
    rows = []
    for kind in REGION_OF:
        of_kind = sums.filter(pl.col("kind") == kind)
        count = sum(policy.audience == kind for policy in chosen)
        decisions = count * sum(part.subjects for part in city.parts(kind))
        shares = (
            int(of_kind[name].sum()) / max(1, decisions) for name in ("eligible", "unknown", "open")
        )
        rows.append((kind, count, *shares))
    return pl.DataFrame(
        rows, schema=["kind", "policies", "eligible", "unknown", "open"], orient="row"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=100_000)
    parser.add_argument("--policies", type=int, default=500)
    parser.add_argument("--folder", type=Path, help="where the city is kept (default: nowhere)")
    chosen = parser.parse_args(arguments)
    vocabulary = builtin_vocabulary(builtin_datasets())
    table = Table(title=f"Shares in a city of {chosen.subjects:,}, in the mean of the policies")
    for number, head in enumerate(("policies", "of", "eligible", "unknown", "open amount")):
        table.add_column(head, justify="right" if number > 1 else "left")
    with tempfile.TemporaryDirectory(prefix="zhida-shares-") as temporary:
        work = Path(temporary)
        city = make_city(chosen.folder or work / "cities", chosen.subjects)
        write_policies(work / "policies", draw_drafts(chosen.policies))
        generated = load_policies([work / "policies"], vocabulary).policies
        catalogue = [adopt(p, CITY) for p in load_policies([CATALOGUE], vocabulary).policies]
        for name, policies in (("the catalogue", catalogue), ("generated", generated)):
            shares = share_by_kind(policies, vocabulary, city, work / name.split()[-1])
            for kind, count, *of in shares.iter_rows():
                if count:
                    table.add_row(name, f"{count} of {kind}s", *(f"{share:.2%}" for share in of))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
