"""The model of record linkage made from invented rows, of which is known whom they mean."""

import numpy as np
import polars as pl

from profiles.linkage import compare_block
from profiles.linkage_model import LinkModel, make_model, train
from profiles.linkage_register import BLOCK_ROWS, FIELDS, Register, prepare_register
from profiles.sample_city.corruption import write_unkeyed_rows

SEED, FIRMS, ROWS = 1, 100_000, 8_000
"""The city that the built-in model is made from."""
LINK_FROM, REVIEW_FROM, MARGIN = 0.6, 0.1, 0.5
"""Chosen on that city and two others: of links from 0.6 on about one in a thousand was wrong."""


def prepare_named_firms(firms: pl.DataFrame) -> Register:
    """The register of `named_firms`, to link to."""
    named = firms.rename({"legal_representative": "representative"}).select(FIELDS)
    return prepare_register(named, firms["uscc"])


def train_model(*, seed: int = SEED, firms: int = FIRMS, rows: int = ROWS) -> LinkModel:
    """A model made from one invented city; the same arguments give the same model."""
    register, unkeyed = write_unkeyed_rows(seed, firms, rows)
    prepared = prepare_named_firms(register)
    features, same, places = [], [], []
    for start in range(0, rows, BLOCK_ROWS):
        block = unkeyed.slice(start, BLOCK_ROWS)
        of_row, keys, compared = compare_block(block, prepared)
        truth = block["truth"].gather(pl.Series(of_row))
        features.append(compared)
        same.append((keys == truth).fill_null(False).to_numpy())
        places.append(of_row + start)
    coefficients, intercept, slope, offset = train(
        np.vstack(features), np.concatenate(same), np.concatenate(places)
    )
    return make_model(
        coefficients.tolist(),
        intercept=intercept,
        slope=slope,
        offset=offset,
        link_from=LINK_FROM,
        review_from=REVIEW_FROM,
        margin=MARGIN,
        trained_on={"seed": seed, "firms": firms, "rows": rows},
    )
