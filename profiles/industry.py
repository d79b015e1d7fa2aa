"""Industry codes (GB/T 4754) suggested from business scopes, for the register to decide.

A suggestion is never a fact: nothing here writes to a release, and no fact, verdict or amount
rests on it. Each use trains on the register itself, on the firms that have a code.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier

from profiles.errors import NothingToLearn
from profiles.linkage_text import normalise_text

MOST_ROWS = 20_000
"""So many firms are learnt from at most: of a larger register, evenly spread ones."""
LEAST_OF_CODE = 6
"""A code that fewer firms have is not learnt, and never suggested."""
SUGGESTED, WORTH_TELLING = 3, 0.05
_FOLDS, _SEED = 3, 4754

SUGGESTION_SCHEMA = {
    "row": pl.Int64(),
    "rank": pl.Int64(),
    "code": pl.String(),
    "probability": pl.Float64(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndustryModel:
    """What was learnt: from how many firms, which codes, and the classifier over n-grams."""

    firms: int
    codes: tuple[str, ...]
    vectoriser: Any
    classifier: Any


def learn_industries(scopes: pl.Series, codes: pl.Series) -> IndustryModel:
    """Learn codes from business scopes; rows without either are left out.

    Characters in pairs and triples, weighed by rarity, and one linear model for each code,
    calibrated on thirds it was not fitted on. The same rows give the same model. Raises
    `NothingToLearn` where fewer than two codes have six firms.
    """
    rows = pl.DataFrame({"scope": scopes, "code": codes}).filter(
        pl.col("code").is_not_null() & (pl.col("scope").str.strip_chars() != "")
    )
    if rows.height > MOST_ROWS:
        rows = rows.gather_every(-(-rows.height // MOST_ROWS))
    rows = rows.filter(pl.len().over("code") >= LEAST_OF_CODE)
    if rows["code"].n_unique() < 2:
        raise NothingToLearn(rows.height)
    vectoriser = TfidfVectorizer(
        analyzer="char", ngram_range=(2, 3), min_df=2, sublinear_tf=True, dtype=np.float32
    )
    matrix = vectoriser.fit_transform([normalise_text(text) for text in rows["scope"]])
    classifier = CalibratedClassifierCV(
        SGDClassifier(loss="log_loss", alpha=1e-5, random_state=_SEED), cv=_FOLDS, ensemble=False
    )
    classifier.fit(matrix, rows["code"].to_numpy())
    return IndustryModel(
        firms=rows.height,
        codes=tuple(str(code) for code in classifier.classes_),
        vectoriser=vectoriser,
        classifier=classifier,
    )


def suggest_industries(model: IndustryModel, scopes: pl.Series) -> pl.DataFrame:
    """Up to three codes for each scope, the likeliest first, none below 0.05.

    Columns: `row` (its place in `scopes`), `rank` from 1, `code`, `probability` to three places. An
    empty scope gets none.
    """
    given = scopes.fill_null("").str.strip_chars()
    places = (given != "").arg_true()
    if not len(places):
        return pl.DataFrame(schema=SUGGESTION_SCHEMA)
    texts = [normalise_text(text) for text in given.gather(places)]
    likely = model.classifier.predict_proba(model.vectoriser.transform(texts))
    best = np.argsort(-likely, axis=1, kind="stable")[:, :SUGGESTED]
    found = pl.DataFrame(
        {
            "row": np.repeat(places.to_numpy().astype(np.int64), best.shape[1]),
            "rank": np.tile(np.arange(1, best.shape[1] + 1), len(texts)),
            "code": pl.Series(model.codes).gather(pl.Series(best.ravel())),
            "probability": np.take_along_axis(likely, best, axis=1).ravel(),
        }
    )
    return (
        found.filter(pl.col("probability") >= WORTH_TELLING)
        .with_columns(pl.col("probability").round(3))
        .select(pl.col(name).cast(dtype) for name, dtype in SUGGESTION_SCHEMA.items())
    )
