"""Identity numbers and credit codes: brought to one form, checked, made into surrogate ids.

All of it works on whole columns; only the hash behind a surrogate id is taken value by value.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

import numpy as np
import polars as pl

from profiles.check_digits import LENGTH, right_as_written
from profiles.errors import WrongKey
from profiles.text_bytes import texts_of

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

_USCC_FORM = r"^[1-9A-HJ-NP-RT-UW-Y][0-9A-HJ-NP-RT-UW-Y]\d{6}[0-9A-HJ-NP-RT-UW-Y]{10}$"
_RESIDENT_FORM = r"^\d{17}[0-9X]$"
_LOST_FORM = r"^(?:\d(?:\.\d+)?E\+?\d{1,2}|\d{15,18}\.0+)$"

_UNSEEN = r"[\s\u{200B}-\u{200F}\u{202A}-\u{202E}\u{2060}\u{FEFF}]+"
"""Spaces, and the marks of width and direction that come along when text is copied."""

_BASE32 = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)
_PAIRS = np.stack([np.repeat(_BASE32, 32), np.tile(_BASE32, 32)], axis=1)
"""The two characters of every ten bits."""

_MOSTLY = 0.7
"""Where more of the identifiers than this are distinct, each is hashed as it stands: sorting out
those that repeat would take longer."""


def normalise(values: pl.Series) -> pl.Series:
    """Identifiers in one form: ASCII, capitals, no spaces or signs that nobody sees; else null.

    Full-width digits and letters count as their ASCII ones, a lower-case x as X.
    """
    texts = to_ascii_width(values.cast(pl.String))
    texts = texts.str.replace_all(_UNSEEN, "").str.to_uppercase()
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
    texts = values.cast(pl.String)
    right = right_as_written(identifier, texts)
    reasons = pl.repeat(None, len(texts), dtype=pl.String, eager=True)
    if right.all():
        return pl.DataFrame({"value": texts, "reason": reasons})
    doubtful = ~right
    places = doubtful.arg_true()
    looked_at = _look_closely(identifier, texts.filter(doubtful))
    return pl.DataFrame(
        {
            # Series.scatter changes what it is called on: a copy of the texts.
            "value": texts.clone().scatter(places, looked_at["value"]),
            "reason": reasons.scatter(places, looked_at["reason"]),
        }
    )


def _look_closely(identifier: str, values: pl.Series) -> pl.DataFrame:
    """As `check_identifiers`, for those that are not right as they are written."""
    texts = normalise(values)
    right = right_as_written(identifier, texts)
    form = {"uscc": _USCC_FORM, "resident_id": _RESIDENT_FORM}[identifier]
    text = pl.col("value")
    lost = text.str.contains(_LOST_FORM)
    late = pl.lit("check_digit")
    if identifier == "resident_id":
        # Spreadsheets keep 15 digits of a number and fill up with zeros.
        lost |= text.str.contains(r"^\d{15}000$")
        # Dates are checked by the calendar; a year below 1800 is nobody's who could be in a file.
        year = text.str.slice(6, 8).str.to_date("%Y%m%d", strict=False).dt.year()
        birth = year.is_between(1800, 2199).fill_null(False)
        late = pl.when(~birth).then(pl.lit("birth_date")).otherwise(late)
    return pl.DataFrame({"value": texts, "right": right}).select(
        "value",
        pl.when("right")
        .then(None)
        .when(text.is_null())
        .then(pl.lit("empty"))
        .when(lost)
        .then(pl.lit("lost_digits"))
        .when(text.str.len_chars() != LENGTH)
        .then(pl.lit("length"))
        .when(~text.str.contains(form))
        .then(pl.lit("character"))
        .otherwise(late)
        .alias("reason"),
    )


def subject_ids(kind: str, identifiers: pl.Series, key: bytes) -> pl.Series:
    """Surrogate ids: the kind's letter and 16 characters of base32 (80 bits of keyed BLAKE2b).

    `identifiers` are in normal form; null gives null. Without `key` nobody can tell which
    identifier an id stands for. Raises `WrongKey` where the key has not 32 bytes.
    """
    if len(key) != KEY_BYTES:
        raise WrongKey(f"the key for surrogate ids has {len(key)} bytes, not {KEY_BYTES}")
    distinct = cast(int, identifiers.approx_n_unique())
    repeat = identifiers.null_count() > 0 or distinct < _MOSTLY * len(identifiers)
    known = identifiers.drop_nulls().unique() if repeat else identifiers
    person = kind.encode().ljust(hashlib.blake2b.PERSON_SIZE, b"\0")
    empty = hashlib.blake2b(key=key, digest_size=10, person=person)
    digests = bytearray()
    for value in known:
        state = empty.copy()
        state.update(value.encode())
        digests += state.digest()
    ids = _write_ids(_PREFIX[kind], bytes(digests)).alias("subject")
    if not repeat:
        return ids
    codes = pl.DataFrame({"identifier": known, "subject": ids})
    return pl.DataFrame({"identifier": identifiers}).join(
        codes, on="identifier", how="left", maintain_order="left"
    )["subject"]


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


def _write_ids(prefix: str, digests: bytes) -> pl.Series:
    """Digests of 10 bytes each as the prefix and 16 characters (RFC 4648 in lower case, no padding
    needed)."""
    rows = np.frombuffer(digests, dtype=np.uint8).reshape(-1, 2, 5).astype(np.uint64)
    if not len(rows):
        return pl.Series([], dtype=pl.String)
    # five bytes are four pairs of characters
    forty = np.zeros(rows.shape[:2], np.uint64)
    for place in range(5):
        forty = (forty << np.uint64(8)) | rows[:, :, place]
    shifts = np.array([30, 20, 10, 0], np.uint64)
    pairs = _PAIRS[((forty[:, :, None] >> shifts) & np.uint64(1023)).astype(np.intp)]
    written = np.empty((len(rows), 17), np.uint8)
    written[:, 0] = ord(prefix)
    written[:, 1:] = pairs.reshape(len(rows), 16)
    return texts_of(written)
