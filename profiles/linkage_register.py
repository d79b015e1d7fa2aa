"""The register prepared for record linkage: names and addresses taken apart and weighed.

Character n-grams are weighed by how rare they are in this register (TF-IDF), so that 商贸, which
thousands of names share, tells less than an unusual trade name. Candidates of a row are the firms
whose trade name is nearest in bigrams, and those at the same house with the same representative or
a name that begins alike. Memory is bounded: rows are compared a block at a time, and bigrams that
very many names share are left out of the search (never out of the comparison).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from profiles.linkage_text import AddressParts, NameParts, normalise_text, split_address, split_name

Ints = npt.NDArray[np.int64]

FIELDS = ("name", "address", "representative", "region")
"""What rows and register are compared by."""

NEAREST = 12
"""Candidates by name for each row."""
BLOCK_ROWS = 1_000
"""Rows compared with the whole register at a time."""
_COMMON, _FEWEST, _MOST = 0.004, 50, 2_000
"""Bigrams in a larger share of the names are not searched by; the share counts within bounds."""
_AT_ONE_HOUSE = 60
"""Beyond so many firms of one house or person, these alone find no candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """Rows or firms taken apart, one entry for each in every column."""

    names: Sequence[NameParts]
    addresses: Sequence[AddressParts]
    persons: Sequence[str]
    regions: Sequence[str]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The firms that rows can be linked to.

    `core`, `whole` and `street` are TF-IDF rows of unit length; `search` is `core` without what is
    too common. `alike` and `namesakes` count firms with the same core name and representative.
    """

    keys: pl.Series
    parted: Parted
    vectorisers: dict[str, Any]
    matrices: dict[str, Any]
    search: Any
    searched: npt.NDArray[np.float32]
    by_place: pl.DataFrame
    alike: Ints
    namesakes: Ints


def part_fields(frame: pl.DataFrame) -> Parted:
    """Take the columns `FIELDS` of a frame apart; what is missing is empty."""
    columns = {name: frame[name].cast(pl.String).fill_null("").to_list() for name in FIELDS}
    return Parted(
        names=[split_name(text) for text in columns["name"]],
        addresses=[split_address(text) for text in columns["address"]],
        persons=[normalise_text(text) for text in columns["representative"]],
        regions=[text.strip() for text in columns["region"]],
    )


def prepare_register(firms: pl.DataFrame, keys: pl.Series) -> Register:
    """Take the register apart: `firms` has the columns `FIELDS`, `keys` one key for each row."""
    parted = part_fields(firms)
    texts = _texts(parted)
    vectorisers: dict[str, Any] = {}
    matrices: dict[str, Any] = {}
    for view, (least, most) in VIEWS.items():
        vectoriser = TfidfVectorizer(
            analyzer="char", ngram_range=(least, most), lowercase=False, dtype=np.float32
        )
        # an empty register has no n-grams, which scikit-learn refuses
        vectoriser.fit(texts[view] if any(texts[view]) else ["□□"])
        vectorisers[view] = vectoriser
        matrices[view] = _weigh(vectoriser, texts[view])
    core = matrices["core"]
    seen = np.bincount(core.indices, minlength=core.shape[1])
    lengths = np.array([len(gram) for gram in vectorisers["core"].get_feature_names_out()])
    limit = min(max(_FEWEST, int(_COMMON * len(parted))), _MOST)
    searched = ((lengths > 1) & (seen <= limit)).astype(np.float32)
    return Register(
        keys=keys,
        parted=parted,
        vectorisers=vectorisers,
        matrices=matrices,
        search=sparse.csc_matrix((core @ sparse.diags_array(searched)).T.tocsr()),
        searched=searched,
        by_place=_places(parted).with_row_index("firm"),
        alike=_count_same([name.core for name in parted.names]),
        namesakes=_count_same(parted.persons),
    )


VIEWS = {"core": (1, 2), "whole": (1, 2), "street": (1, 2), "person": (1, 2)}
"""What is compared by n-grams, with the shortest and longest of them."""


def transform(register: Register, parted: Parted) -> dict[str, Any]:
    """The rows' n-grams, weighed as the register's."""
    texts = _texts(parted)
    return {view: _weigh(register.vectorisers[view], texts[view]) for view in VIEWS}


def _texts(parted: Parted) -> dict[str, list[str]]:
    """What `VIEWS` compares; a trade name's beginning is marked."""
    return {
        "core": [f"^{name.core}" if name.core else "" for name in parted.names],
        "whole": [name.whole for name in parted.names],
        "street": [address.street for address in parted.addresses],
        "person": list(parted.persons),
    }


def _weigh(vectoriser: Any, texts: list[str]) -> Any:
    if not texts:  # scikit-learn refuses to transform nothing
        return sparse.csr_array((0, len(vectoriser.vocabulary_)), dtype=np.float32)
    return vectoriser.transform(texts)


def find_candidates(
    register: Register, parted: Parted, matrices: dict[str, Any]
) -> tuple[Ints, Ints]:
    """Pairs of row and firm worth comparing, by place in each, sorted and each once."""
    rows, firms = _nearest_names(register, matrices["core"])
    by_place = _at_one_place(register, parted)
    pairs = (
        pl.concat([pl.DataFrame({"row": rows, "firm": firms}), by_place]).unique().sort(pl.all())
    )
    return pairs["row"].to_numpy(), pairs["firm"].to_numpy()


def _nearest_names(register: Register, core: Any) -> tuple[Ints, Ints]:
    similar = core @ sparse.diags_array(register.searched) @ register.search
    rows, firms = [], []
    for row in range(similar.shape[0]):
        start, end = similar.indptr[row], similar.indptr[row + 1]
        places, scores = similar.indices[start:end], similar.data[start:end]
        if len(places) > NEAREST:
            # ties are broken by the firm's place, so that the result is always the same
            best = np.lexsort((places, -scores))[:NEAREST]
            places = places[best]
        rows.append(np.full(len(places), row, dtype=np.int64))
        firms.append(places.astype(np.int64))
    return (np.concatenate(rows), np.concatenate(firms)) if rows else (_NONE, _NONE)


def _places(parted: Parted) -> pl.DataFrame:
    """Keys by which a firm is found without its name; null where a part is missing."""
    return pl.DataFrame(
        {
            "house": [
                f"{address.street}|{address.house}" if address.house else None
                for address in parted.addresses
            ],
            "person": [person or None for person in parted.persons],
            "head": [name.core[:2] or None for name in parted.names],
        },
        schema={"house": pl.String(), "person": pl.String(), "head": pl.String()},
    )


def _at_one_place(register: Register, parted: Parted) -> pl.DataFrame:
    rows = _places(parted).with_row_index("row")
    found = []
    for pair in (["house", "person"], ["house", "head"], ["person", "head"]):
        firms = register.by_place.filter(pl.len().over(pair) <= _AT_ONE_HOUSE)
        found.append(rows.join(firms, on=pair, how="inner").select("row", "firm"))
    return pl.concat(found).cast(pl.Int64)


def _count_same(texts: Sequence[str]) -> Ints:
    frame = pl.DataFrame({"text": list(texts)}, schema={"text": pl.String()})
    return frame.select(pl.len().over("text")).to_series().cast(pl.Int64).to_numpy()


_NONE: Ints = np.empty(0, dtype=np.int64)
