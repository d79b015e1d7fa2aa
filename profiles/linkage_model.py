"""The model of record linkage: how likely a row and a firm are the same, as plain numbers.

A logistic regression over the features of a pair and their products, calibrated (Platt 1999) on
folds it was not fitted on. It is kept as JSON, so that anybody can read what a link rests on, and
named by the hash of that text.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from profiles.content import hash_texts
from profiles.errors import LinkModelDamaged
from profiles.linkage_pairs import FEATURES, Floats

FORMAT = "zhida-link-model-1"
BUILTIN = Path(__file__).parent / "linkage_model.json"
FOLDS = 5
_REGULARISATION = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkModel:
    """Coefficients of the features and their products, the calibration, and three thresholds.

    `link_from` and `review_from` are probabilities from which a row is linked, or laid before a
    person; `margin` is by how much the best candidate must be ahead of the second to be linked.
    `trained_on` says which rows it was made from. `hash` names all of it.
    """

    coefficients: tuple[float, ...]
    intercept: float
    slope: float
    offset: float
    link_from: float
    review_from: float
    margin: float
    trained_on: Mapping[str, Any]
    hash: str


def score_pairs(model: LinkModel, features: Floats) -> Floats:
    """The calibrated odds of each pair, in the logarithm, whatever other candidates there are."""
    raw = expand(features) @ np.array(model.coefficients) + model.intercept
    # Platt's sigmoid is 1 / (1 + exp(slope * raw + offset))
    odds: Floats = -(model.slope * raw + model.offset)
    return odds


def settle_rows(log_odds: Floats, rows: npt.NDArray[np.int64]) -> Floats:
    """The probability of each pair, given that a row is at most one of its candidates.

    `rows` says whose pair each is, sorted. The odds of a row's candidates compete with each other
    and with there being none: two that look the same share one probability.
    """
    odds = np.exp(np.clip(log_odds, -50, 50))
    together = np.bincount(rows, weights=odds) if len(rows) else np.empty(0)
    return np.asarray(odds / (1 + together[rows]))


def expand(features: Floats) -> Floats:
    """The features, and the product of every two."""
    first, second = np.triu_indices(features.shape[1], k=1)
    return np.hstack([features, features[:, first] * features[:, second]])


def train(
    features: Floats, same: npt.NDArray[np.bool_], rows: npt.NDArray[np.int64]
) -> tuple[Floats, float, float, float]:
    """Coefficients, intercept, and slope and offset of the calibration.

    `same` says which pairs are true, `rows` whose pair each is: a row's pairs stay in one fold.
    """
    model = CalibratedClassifierCV(
        LogisticRegression(C=_REGULARISATION, max_iter=2_000),
        method="sigmoid",
        cv=list(GroupKFold(FOLDS).split(features, same, rows)),
        ensemble=False,
    )
    model.fit(expand(features), same)
    fitted = model.calibrated_classifiers_[0]
    regression, sigmoid = fitted.estimator, fitted.calibrators[0]
    return (
        np.asarray(regression.coef_[0]),
        float(regression.intercept_[0]),
        float(sigmoid.a_),
        float(sigmoid.b_),
    )


def name_parts() -> list[str]:
    """What each coefficient stands for."""
    first, second = np.triu_indices(len(FEATURES), k=1)
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    return [*FEATURES, *(f"{FEATURES[a]} × {FEATURES[b]}" for a, b in pairs)]


def write_model(model: LinkModel) -> str:
    """The model as JSON, one coefficient to a line."""
    return json.dumps(_content(model), ensure_ascii=False, indent=1) + "\n"


def make_model(
    coefficients: Sequence[float],
    *,
    intercept: float,
    slope: float,
    offset: float,
    link_from: float,
    review_from: float,
    margin: float,
    trained_on: Mapping[str, Any],
) -> LinkModel:
    """A model with its hash; its numbers have nine digits, so that the text holds all of them."""
    model = LinkModel(
        coefficients=tuple(_short(number) for number in coefficients),
        intercept=_short(intercept),
        slope=_short(slope),
        offset=_short(offset),
        link_from=link_from,
        review_from=review_from,
        margin=margin,
        trained_on=dict(trained_on),
        hash="",
    )
    return _with_hash(model)


def read_model(path: Path = BUILTIN) -> LinkModel:
    """A model from its file. Raises `LinkModelDamaged` where it is none for today's features."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT or list(content["coefficients"]) != name_parts():
            raise LinkModelDamaged(path, "it was made for other features")
        model = make_model(
            list(content["coefficients"].values()),
            intercept=content["intercept"],
            slope=content["calibration"]["slope"],
            offset=content["calibration"]["offset"],
            link_from=content["link_from"],
            review_from=content["review_from"],
            margin=content["margin"],
            trained_on=content["trained_on"],
        )
    except OSError as error:
        raise LinkModelDamaged(path, error.strerror or "cannot be read") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LinkModelDamaged(path, "is no model of record linkage") from error
    if model.hash != content.get("hash"):
        raise LinkModelDamaged(path, "is not what it was when its hash was taken")
    return model


@cache
def builtin_model() -> LinkModel:
    """The model that comes with Zhida."""
    return read_model()


def _content(model: LinkModel) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "hash": model.hash,
        "trained_on": dict(model.trained_on),
        "link_from": model.link_from,
        "review_from": model.review_from,
        "margin": model.margin,
        "calibration": {"slope": model.slope, "offset": model.offset},
        "intercept": model.intercept,
        "coefficients": dict(zip(name_parts(), model.coefficients, strict=True)),
    }


def _with_hash(model: LinkModel) -> LinkModel:
    content = {name: value for name, value in _content(model).items() if name != "hash"}
    return replace(model, hash=hash_texts(content))


def _short(number: float) -> float:
    return float(f"{number:.9g}")
