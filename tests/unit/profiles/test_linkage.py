"""Linking rows to the register: worked cases, plain computation beside it, held-out cities."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from benchmarks.linkage import measure
from profiles.errors import LinkModelDamaged
from profiles.linkage import LINKED, NONE, REVIEW, compare_block, link_rows
from profiles.linkage_model import (
    BUILTIN,
    builtin_model,
    expand,
    read_model,
    score_pairs,
    settle_rows,
    train,
    write_model,
)
from profiles.linkage_pairs import FEATURES
from profiles.linkage_register import FIELDS, NEAREST, part_fields, prepare_register, transform
from profiles.linkage_training import prepare_named_firms, train_model
from profiles.sample_city.corruption import write_unkeyed_rows
from profiles.sample_city.named_firms import register_named_firms

Row = tuple[str | None, str | None, str | None, str | None]

SUN: Row = ("示范市晨光商贸有限公司", "示范市示范一区样泉路12号3栋1502室", "王示明", "990101")
MOON: Row = ("示范市月明餐饮管理有限公司", "示范市示范二区例湖街5号", "李样芳", "990102")
TWIN: Row = ("示范二区晨光商贸有限公司", "示范市示范二区试桥巷88号", "张例伟", "990102")


def table(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict.fromkeys(FIELDS, pl.String()), orient="row")


def link(rows: pl.DataFrame, *firms: Row, excluded: pl.DataFrame | None = None) -> pl.DataFrame:
    """Link to a register of these firms, F0, F1 and so on, among a thousand others."""
    others = register_named_firms(9, 1_000)
    keys = [f"F{number}" for number in range(len(firms))] + others["uscc"].to_list()
    named = others.rename({"legal_representative": "representative"}).select(FIELDS)
    register = prepare_register(pl.concat([table(*firms), named]), pl.Series(keys))
    return link_rows(rows, register, builtin_model(), excluded=excluded)


def first(found: pl.DataFrame) -> list[tuple[str, str]]:
    return found.filter(pl.col("rank") == 1).select("decision", "key").rows()


@pytest.mark.parametrize("seed", [301, 302])
def test_links_of_a_city_not_trained_on_are_right(seed: int) -> None:
    found = measure(seed, 20_000, 4_000, builtin_model())
    print(f"seed {seed}: {found}")
    assert found.exact <= 0.7
    assert found.precision >= 0.995
    assert found.recall >= 0.95
    assert found.precision_at_95 >= 0.995
    assert found.with_review > found.recall
    assert found.reviewed < 0.05


@pytest.mark.parametrize(
    "row",
    [
        ("晨光商贸公司", "样泉路12号3栋", "王示明", None),
        ("示范辰光商贸有限责任公司", None, "王示明", "990101"),
        ("示範市晨光商貿有限公司", "樣泉路１２號三棟1502", None, None),
        ("晨光商贸", "示范一区样泉路12#3-1502", None, "990101"),
    ],
)
def test_a_row_written_otherwise_is_linked(row: Row) -> None:
    assert first(link(table(row), MOON, SUN, TWIN)) == [(LINKED, "F1")]


def test_two_firms_that_fit_alike_are_laid_before_a_person() -> None:
    name_only = table(("晨光商贸有限公司", None, None, None))
    (decision, _), *_ = first(link(name_only, SUN, TWIN, MOON))
    assert decision == REVIEW
    told = link(table(SUN), SUN, (SUN[0], SUN[1], SUN[2], SUN[3]))
    assert first(told)[0][0] == REVIEW
    assert told["ahead"][0] == 0


def test_a_branch_is_not_its_parent() -> None:
    branch: Row = (f"{SUN[0]}示范二区分公司", "示范市示范二区试桥巷8号", "张例伟", "990102")
    assert first(link(table(SUN, branch), SUN, branch)) == [(LINKED, "F0"), (LINKED, "F1")]
    ((decision, _),) = first(link(table(branch), SUN, MOON))
    assert decision != LINKED


def test_a_firm_of_another_city_is_not_linked() -> None:
    away: Row = ("样板市晨光商贸有限公司", "样板市样板一区样田路7号", "赵样刚", "990201")
    ((decision, _),) = first(link(table(away), SUN, MOON))
    assert decision != LINKED


def test_what_is_missing_gives_no_link_and_no_error() -> None:
    nothing: Row = (None, None, None, None)
    rows = table(nothing, ("", "", "", ""), ("  ", None, None, None), SUN, ("🏭", "?", "*", "x"))
    found = link(rows, MOON, SUN)
    assert set(found.filter(pl.col("decision") == LINKED)["row"]) == {3}
    assert link(table(), SUN).is_empty()
    empty = prepare_register(table(), pl.Series([], dtype=pl.String))
    assert link_rows(table(SUN), empty, builtin_model()).is_empty()
    unnamed = prepare_register(table(nothing), pl.Series(["F0"]))
    assert first(link_rows(table(SUN, nothing), unnamed, builtin_model())) == []
    assert first(link(table(nothing, SUN), nothing, SUN)) == [(LINKED, "F1")]


def test_what_a_person_ruled_out_is_no_candidate_and_nothing_is_linked_without_a_person() -> None:
    excluded = pl.DataFrame({"row": [0], "key": ["F0"]})
    found = link(table(SUN, MOON), SUN, MOON, (SUN[0], SUN[1], "王示强", SUN[3]), excluded=excluded)
    assert ("F0", 0) not in found.select("key", "row").rows()
    assert first(found) == [(REVIEW, "F2"), (LINKED, "F1")]


def test_a_row_is_decided_alike_whichever_rows_come_with_it() -> None:
    register, rows = write_unkeyed_rows(5, 3_000, 1_200)
    prepared = prepare_named_firms(register)
    whole = link_rows(rows, prepared, builtin_model())
    part = link_rows(rows[1_100:1_150], prepared, builtin_model())
    shifted = part.with_columns(pl.col("row") + 1_100)
    assert shifted.equals(whole.filter(pl.col("row").is_between(1_100, 1_149)))
    assert set(whole["decision"]) == {LINKED, REVIEW, NONE}
    assert whole["score"].is_between(0, 1).all()


def test_the_nearest_names_are_those_of_a_full_comparison() -> None:
    register, rows = write_unkeyed_rows(5, 400, 60)
    prepared = prepare_named_firms(register)
    parted = part_fields(rows)
    matrices = transform(prepared, parted)
    # everything multiplied out, without what is too common to search by
    searched = matrices["core"].toarray() * prepared.searched
    similar = searched @ prepared.matrices["core"].toarray().T
    found_rows, keys, _ = compare_block(rows, prepared)
    found = {(int(row), key) for row, key in zip(found_rows, keys, strict=True)}
    for row, scores in enumerate(similar):
        order = np.argsort(-scores, kind="stable")[:NEAREST]
        clear = [at for at in order if scores[at] > scores[order[-1]] + 1e-6]
        assert {(row, register["uscc"][int(at)]) for at in clear} <= found


def test_candidates_share_one_probability() -> None:
    log_odds = np.log(np.array([1.0, 1.0, 3.0, 9.0, 1.0]))
    scores = settle_rows(log_odds, np.array([0, 0, 1, 2, 2]))
    assert scores == pytest.approx([1 / 3, 1 / 3, 3 / 4, 9 / 11, 1 / 11])
    assert settle_rows(np.array([1e6, -1e6]), np.array([0, 0])) == pytest.approx([1, 0])
    assert len(settle_rows(np.empty(0), np.empty(0, dtype=np.int64))) == 0


def test_the_numbers_kept_give_the_probabilities_of_the_model_they_come_from() -> None:
    dice = np.random.default_rng(3)
    features = dice.random((600, len(FEATURES)))
    same = features[:, 0] + 0.3 * features[:, 5] + 0.2 * dice.random(600) > 0.9
    rows = np.repeat(np.arange(200), 3)
    coefficients, intercept, slope, offset = train(features, same, rows)
    kept = replace(
        builtin_model(),
        coefficients=tuple(coefficients.tolist()),
        intercept=intercept,
        slope=slope,
        offset=offset,
    )
    model = CalibratedClassifierCV(
        LogisticRegression(max_iter=2_000),
        cv=list(GroupKFold(5).split(features, same, rows)),
        ensemble=False,
    ).fit(expand(features), same)
    expected = model.predict_proba(expand(features))[:, 1]
    assert expit(score_pairs(kept, features)) == pytest.approx(expected, abs=1e-9)


def test_training_again_gives_the_same_model(tmp_path: Path) -> None:
    once, again = (train_model(seed=4, firms=300, rows=100) for _ in range(2))
    assert once == again
    assert once.hash != train_model(seed=5, firms=300, rows=100).hash
    path = tmp_path / "model.json"
    path.write_text(write_model(once), encoding="utf-8")
    assert read_model(path) == once


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"link_from": 0.6', '"link_from": 0.1'),
        ('"core × whole"', '"core × hole"'),
        ('"format": "zhida-link-model-1"', '"format": "x"'),
        ('"intercept": ', '"intercept": "a", "b": '),
        ("{", "["),
    ],
)
def test_a_changed_model_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = BUILTIN.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "model.json"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LinkModelDamaged, match=r"model\.json"):
        read_model(path)
    with pytest.raises(LinkModelDamaged):
        read_model(tmp_path / "missing.json")
