"""The register of named firms that linkage is tried on: repeatable, full of look-alikes."""

import numpy as np
import polars as pl
from stdnum.cn import uscc

from profiles.sample_city.named_firms import KINDS, draw_traits, register_named_firms


def test_a_longer_register_begins_with_the_shorter_one() -> None:
    short, long = register_named_firms(7, 200), register_named_firms(7, 500)
    # whether a firm has closed depends on who succeeds it, which may come later
    assert short.drop("closed").equals(long.head(200).drop("closed"))
    assert not short["name"].equals(register_named_firms(8, 200)["name"])


def test_codes_are_valid_and_everything_shows_that_it_is_invented() -> None:
    register = register_named_firms(7, 2_000)
    assert register["uscc"].n_unique() == 2_000
    assert all(uscc.is_valid(code) and code[2:6] == "9901" for code in register["uscc"])
    assert register["region"].str.contains(r"^99010[1-6]$").all()
    assert register["address"].str.starts_with("示范市示范").all()
    assert register["legal_representative"].str.contains(r"^.[示样例].$").all()


def test_firms_share_trade_names_as_in_a_city() -> None:
    register = register_named_firms(7, 20_000)
    heads = register["name"].str.replace_all("示范市|示范.区|（示范）", "").str.head(2)
    assert heads.n_unique() < register.height / 2
    assert register["name"].n_unique() < 20_000  # some even the whole name


def test_look_alikes_are_what_they_are_called() -> None:
    register = register_named_firms(7, 4_000)
    parents = draw_traits(7, np.arange(4_000)).parent
    pairs = register.with_row_index("number").with_columns(
        *(register[name][parents].alias(f"of_{name}") for name in register.columns)
    )
    found = {kind: pairs.filter(pl.col("kind") == kind) for kind in KINDS}
    assert all(part.height > 60 for part in found.values())
    assert (found["plain"]["uscc"] == found["plain"]["of_uscc"]).all()
    for kind in KINDS[1:]:
        assert (found[kind]["of_kind"] == "plain").all()
    branch, twin, successor = found["branch"], found["twin"], found["successor"]
    assert branch.select(pl.col("name").str.starts_with(pl.col("of_name"))).to_series().all()
    assert branch["name"].str.contains("分公司$|分店$").all()
    assert (twin["region"] != twin["of_region"]).all()
    assert (successor["address"] == successor["of_address"]).all()
    assert (successor["legal_representative"] == successor["of_legal_representative"]).all()
    assert successor["of_closed"].all()
    assert (successor["name"] != successor["of_name"]).all()
