"""Identity numbers and credit codes: brought to one form, checked, made into surrogate ids.

All of it works on whole columns; only the hash behind a surrogate id is taken value by value.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.errors import WrongKey

KEY_BYTES = 32

FULL_WIDTH = MappingProxyType(
    {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)} | {"　": " "}
)
"""Full-width forms (U+FF01 to U+FF5E) and the ideographic space, with their ASCII characters."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty": "empty",
        "length": "not 18 characters",
        "lost_digits": "a spreadsheet has lost its last digits",
        "character": "a character that cannot stand there",
        "birth_date": "an impossible date of birth",
        "check_digit": "wrong check digit",
    }
)
"""What is wrong with an identifier: a short code, and the words for it."""

_PREFIX = {"enterprise": "E", "resident": "R", "household": "H", "region": "G"}

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015: digits and capitals without I, O, S, V and Z."""
_USCC_FORM = r"^[1-9A-HJ-NP-RT-UW-Y][0-9A-HJ-NP-RT-UW-Y]\d{6}[0-9A-HJ-NP-RT-UW-Y]{10}$"
_RESIDENT_FORM = r"^\d{17}[0-9X]$"
_LOST_FORM = r"^(?:\d(?:\.\d+)?E\+?\d{1,2}|\d{15,18}\.0+)$"

_BASE32 = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)


def normalise(values: pl.Series) -> pl.Series:
    """Identifiers in one form: ASCII, capitals, no spaces, null where nothing is left.

    Full-width digits and letters count as their ASCII ones, a lower-case x as X.
    """
    texts = to_ascii_width(values.cast(pl.String))
    texts = texts.str.replace_all(r"\s+", "").str.to_uppercase()
    return texts.set(texts == "", None)


def to_ascii_width(texts: pl.Series) -> pl.Series:
    """Full-width letters, digits and signs as their ASCII ones; the rest as it stands."""
    if not texts.str.contains(r"[！-～　]").any():
        return texts
    return texts.str.replace_many(list(FULL_WIDTH.keys()), list(FULL_WIDTH.values()))


def check_identifiers(identifier: str, values: pl.Series) -> pl.DataFrame:
    """Each value's normal form (`value`) and what is wrong with it (`reason`, null where nothing).

    `identifier` is `uscc` (GB 32100-2015, check character modulo 31) or `resident_id`
    (GB 11643-1999, check digit modulo 11-2). Reasons are the codes of `REASONS`.
    """
    texts = normalise(values)
    form = {"uscc": _USCC_FORM, "resident_id": _RESIDENT_FORM}[identifier]
    frame = pl.DataFrame({"value": texts})
    lost = pl.col("value").str.contains(_LOST_FORM)
    if identifier == "resident_id":
        # Spreadsheets keep 15 digits of a number and fill up with zeros.
        lost |= pl.col("value").str.contains(r"^\d{15}000$") & pl.lit(~_has_check_digit(texts))
    frame = frame.with_columns(
        pl.when(pl.col("value").is_null())
        .then(pl.lit("empty"))
        .when(lost)
        .then(pl.lit("lost_digits"))
        .when(pl.col("value").str.len_chars() != 18)
        .then(pl.lit("length"))
        .when(~pl.col("value").str.contains(form))
        .then(pl.lit("character"))
        .otherwise(None)
        .alias("reason")
    )
    well_formed = frame["reason"].is_null()
    matrix = _to_matrix(frame["value"].filter(well_formed))
    if identifier == "uscc":
        late = _find_reasons_uscc(matrix)
    else:
        late = _find_reasons_resident(matrix, frame["value"].filter(well_formed))
    places = well_formed.arg_true()
    return frame.with_columns(reason=frame["reason"].scatter(places, late))


def subject_ids(kind: str, identifiers: pl.Series, key: bytes) -> pl.Series:
    """Surrogate ids: the kind's letter and 16 characters of base32 (80 bits of keyed BLAKE2b).

    `identifiers` are in normal form; null gives null. Without `key` nobody can tell which
    identifier an id stands for. Raises `WrongKey` where the key has not 32 bytes.
    """
    if len(key) != KEY_BYTES:
        raise WrongKey(f"the key for surrogate ids has {len(key)} bytes, not {KEY_BYTES}")
    known = identifiers.drop_nulls().unique()
    person = kind.encode().ljust(hashlib.blake2b.PERSON_SIZE, b"\0")
    empty = hashlib.blake2b(key=key, digest_size=10, person=person)
    digests = bytearray()
    for value in known:
        state = empty.copy()
        state.update(value.encode())
        digests += state.digest()
    ids = pl.Series("id", _to_base32(bytes(digests)), dtype=pl.String)
    codes = pl.DataFrame({"identifier": known, "id": _PREFIX[kind] + ids})
    return (
        pl.DataFrame({"identifier": identifiers})
        .join(codes, on="identifier", how="left", maintain_order="left")["id"]
        .alias("subject")
    )


def mask(identifier: str) -> str:
    """An identifier as people may see it: its first and last two characters."""
    if len(identifier) < 8:
        return "*" * len(identifier)
    return identifier[:2] + "*" * (len(identifier) - 4) + identifier[-2:]


def mask_series(texts: pl.Series) -> pl.Series:
    """As `mask`, for a column; all masks are 14 stars long, so that lengths stay out of it."""
    long = texts.str.len_chars() >= 8
    masked = texts.str.head(2) + pl.lit("*" * 14) + texts.str.tail(2)
    return pl.select(
        pl.when(texts.is_null())
        .then(None)
        .when(long)
        .then(masked)
        .otherwise(pl.lit("*" * 6))
        .alias(texts.name)
    ).to_series()


def mask_long_numbers(texts: pl.Series) -> pl.Series:
    """Texts in which every run of nine or more digits is starred: phones, accounts, numbers."""
    return to_ascii_width(texts).str.replace_all(r"\d(?:[ \-]?\d){8,}[Xx]?", "*********")


def _to_matrix(texts: pl.Series) -> npt.NDArray[np.uint8]:
    """Texts of 18 ASCII characters as rows of 18 bytes."""
    joined = texts.str.join("").item() if len(texts) else ""
    return np.frombuffer((joined or "").encode("ascii"), dtype=np.uint8).reshape(-1, 18)


def _find_reasons_uscc(matrix: npt.NDArray[np.uint8]) -> pl.Series:
    values = np.zeros(256, dtype=np.int64)
    values[np.frombuffer(_USCC_ALPHABET.encode(), dtype=np.uint8)] = np.arange(31)
    weights = np.array([pow(3, place, 31) for place in range(17)], dtype=np.int64)
    rows = values[matrix]
    expected = (31 - rows[:, :17] @ weights % 31) % 31
    return _code_where(expected != rows[:, 17], "check_digit")


def _find_reasons_resident(matrix: npt.NDArray[np.uint8], texts: pl.Series) -> pl.Series:
    born = texts.str.slice(6, 8)
    # Dates are checked by the calendar; a year below 1800 is nobody's who could be in a file.
    dates = born.str.to_date("%Y%m%d", strict=False)
    no_date = ~dates.dt.year().fill_null(0).is_between(1800, 2199)
    reasons = pl.DataFrame({"wrong": ~_resident_digits_agree(matrix), "no_date": no_date})
    return reasons.select(
        pl.when(pl.col("no_date"))
        .then(pl.lit("birth_date"))
        .when(pl.col("wrong"))
        .then(pl.lit("check_digit"))
        .otherwise(None)
        .alias("reason")
    ).to_series()


def _has_check_digit(texts: pl.Series) -> pl.Series:
    """Whether a resident number's check digit is right, false for what is not one."""
    formed = texts.str.contains(_RESIDENT_FORM).fill_null(False)
    right = pl.Series(_resident_digits_agree(_to_matrix(texts.filter(formed))), dtype=pl.Boolean)
    return pl.repeat(False, len(texts), dtype=pl.Boolean, eager=True).scatter(
        formed.arg_true(), right
    )


def _resident_digits_agree(matrix: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    weights = np.array([pow(2, 17 - place, 11) for place in range(17)], dtype=np.int64)
    expected = np.frombuffer(b"10X98765432", dtype=np.uint8)
    remainders = (matrix[:, :17].astype(np.int64) - ord("0")) @ weights % 11
    agree: npt.NDArray[np.bool_] = expected[remainders] == matrix[:, 17]
    return agree


def _code_where(wrong: npt.NDArray[np.bool_], code: str) -> pl.Series:
    return pl.select(
        pl.when(pl.Series(wrong, dtype=pl.Boolean)).then(pl.lit(code)).otherwise(None).alias("r")
    ).to_series()


def _to_base32(digests: bytes) -> list[str] | pl.Series:
    """Digests of 10 bytes each as 16 characters each (RFC 4648 in lower case, no padding)."""
    rows = np.frombuffer(digests, dtype=np.uint8).reshape(-1, 10)
    if not len(rows):
        return []
    bits = np.unpackbits(rows, axis=1).reshape(len(rows), 16, 5)
    places = bits @ np.array([16, 8, 4, 2, 1], dtype=np.uint8)
    letters = np.ascontiguousarray(_BASE32[places]).view("S16").ravel()
    return pl.Series(letters.astype("U16"))
