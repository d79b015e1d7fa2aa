"""Record linkage on invented cities: what exact matching finds, what links find, time and memory.

python -m benchmarks.linkage                     three cities of 50,000 firms
python -m benchmarks.linkage --firms 200000 --rows 20000 --seeds 101
python -m benchmarks.linkage --train             make the built-in model anew
"""

import argparse
import resource
import time
from dataclasses import dataclass

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from profiles.linkage import LINKED, REVIEW, link_rows
from profiles.linkage_model import BUILTIN, LinkModel, builtin_model, write_model
from profiles.linkage_text import normalise_name
from profiles.linkage_training import prepare_named_firms, train_model
from profiles.sample_city.corruption import write_unkeyed_rows

SEEDS = (201, 202, 203)
"""Cities that the model was not made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What linking found in one city.

    `exact`, `recall` and `with_review` are shares of all true pairs, `precision` of the links,
    `reviewed` of the rows; `precision_at_95` is that of the most likely links with 0.95 recall.
    """

    seed: int
    exact: float
    precision: float
    recall: float
    precision_at_95: float
    reviewed: float
    with_review: float
    prepare_seconds: float
    link_seconds: float


def measure(seed: int, firms: int, rows: int, model: LinkModel) -> Figures:
    """Link the rows of one city, and compare with whom they mean."""
    register, unkeyed = write_unkeyed_rows(seed, firms, rows)
    truth = unkeyed["truth"]
    true_pairs = len(truth.drop_nulls())
    started = time.perf_counter()
    prepared = prepare_named_firms(register)
    ready = time.perf_counter()
    found = link_rows(unkeyed, prepared, model)
    ended = time.perf_counter()
    right = (found["key"] == truth.gather(found["row"])).fill_null(False)
    judged = found.with_columns(right=right)
    first = judged.filter(pl.col("rank") == 1)
    linked = first.filter(pl.col("decision") == LINKED)
    review = judged.filter(pl.col("decision") == REVIEW)
    ordered = first.sort("score", descending=True)["right"].to_numpy()
    recall = np.cumsum(ordered) / true_pairs
    place = int(np.searchsorted(recall, 0.95))
    reached = place < len(ordered)
    return Figures(
        seed=seed,
        exact=find_exactly(register, unkeyed),
        precision=count_right(linked) / max(linked.height, 1),
        recall=count_right(linked) / true_pairs,
        precision_at_95=float(ordered[: place + 1].mean()) if reached else 0.0,
        reviewed=review["row"].n_unique() / rows,
        with_review=(count_right(linked) + count_right(review)) / true_pairs,
        prepare_seconds=ready - started,
        link_seconds=ended - ready,
    )


def count_right(links: pl.DataFrame) -> int:
    """How many of the links lead to the firm that is meant."""
    return links.filter(pl.col("right")).height


def find_exactly(register: pl.DataFrame, unkeyed: pl.DataFrame) -> float:
    """The share of the true pairs whose normalised names are equal, namesakes included."""
    named: dict[str, set[str]] = {}
    for name, code in register.select("name", "uscc").iter_rows():
        named.setdefault(normalise_name(name), set()).add(code)
    meant = unkeyed.drop_nulls("truth").select("name", "truth").iter_rows()
    hits = [code in named.get(normalise_name(name), ()) for name, code in meant]
    return sum(hits) / len(hits)


def main() -> None:
    """Print the table, or make the model."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--firms", type=int, default=50_000)
    parser.add_argument("--rows", type=int, default=8_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--train", action="store_true", help="write the built-in model anew")
    options = parser.parse_args()
    console = Console()
    if options.train:
        model = train_model()
        BUILTIN.write_text(write_model(model), encoding="utf-8")
        console.print(f"model {model.hash[:12]} written to {BUILTIN.name}")
        return
    model = builtin_model()
    table = Table(title=f"{options.rows:,} rows against {options.firms:,} firms")
    heads = ("seed", "exact", "right", "recall", "at .95", "review", "in all")
    for head in (*heads, "ready s", "link s"):
        table.add_column(head, justify="right")
    for seed in options.seeds:
        found = measure(seed, options.firms, options.rows, model)
        shares = (found.exact, found.precision, found.recall, found.precision_at_95)
        table.add_row(
            str(seed),
            *(f"{share:.4f}" for share in (*shares, found.reviewed, found.with_review)),
            f"{found.prepare_seconds:.1f}",
            f"{found.link_seconds:.1f}",
        )
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"model {model.hash[:12]}, linked from {model.link_from}; peak {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
