"""Identifiers of former times, brought to one form: registration numbers, organisation codes, and
identity numbers of 15 digits.

What an old number leads to is told by `profiles.identity`; an identity number of 15 digits alone
says what it became, an organisation code stands in the credit code that took its place.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.identifier import check_identifiers, normalise

Whose = Literal["enterprise", "resident"]

FORMER_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty": "empty",
        "form": "neither a credit code nor a number of former times",
        "birth_date": "an impossible date of birth",
        "century": "of somebody so old that 15 digits do not tell the century",
        "check_digit": "wrong check digit",
    }
)
"""What is wrong with an identifier of former times: a short code, and the words for it."""

_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_ORGANISATION_CHECKS = np.frombuffer(b"0123456789X", dtype=np.uint8)
_RESIDENT_WEIGHTS = np.array([pow(2, 17 - place, 11) for place in range(17)], dtype=np.int64)
_RESIDENT_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)

_FORMS = {
    "enterprise": {
        "credit_code": r"^[0-9A-Z]{18}$",
        "registration_number": r"^\d{15}$",
        "organisation_code": r"^[0-9A-Z]{8}-?[0-9X]$",
    },
    "resident": {"identity_number": r"^[0-9A-Z]{18}$", "short_number": r"^\d{15}$"},
}


def read_former(whose: Whose, values: pl.Series) -> pl.DataFrame:
    """Each value in one form (`value`), what it is (`form`) and what is wrong with it (`reason`).

    Forms of enterprises: `credit_code` (GB 32100-2015), `registration_number` (15 digits,
    GS 15-2006, check digit ISO 7064 MOD 11,10) and `organisation_code` (9 characters, its hyphen
    taken out, GB 11714-1997). Of residents: `identity_number` (GB 11643-1999) and `short_number`
    (15 digits, without a check digit), whose `value` is the number of 18 that it became; of the
    serials 996 to 999, kept for people of a hundred years, it stays as it is and the reason is
    `century`. Reasons are the codes of `FORMER_REASONS`, null where nothing is wrong.
    """
    texts = normalise(values)
    found = pl.DataFrame({"value": texts}).with_columns(
        pl.coalesce(
            *(
                pl.when(pl.col("value").str.contains(pattern)).then(pl.lit(form))
                for form, pattern in _FORMS[whose].items()
            )
        ).alias("form"),
        pl.lit(None, dtype=pl.String).alias("reason"),
    )
    for form in _FORMS[whose]:
        places = (found["form"] == form).arg_true()
        if len(places):
            value, reason = _READERS[form](found["value"].gather(places))
            found = found.with_columns(
                found["value"].scatter(places, value), found["reason"].scatter(places, reason)
            )
    return found.with_columns(
        pl.when(pl.col("value").is_null())
        .then(pl.lit("empty"))
        .when(pl.col("form").is_null())
        .then(pl.lit("form"))
        .otherwise(pl.col("reason"))
        .alias("reason")
    )


def organisation_codes(credit_codes: pl.Series) -> pl.Series:
    """The organisation codes that stand in credit codes: their places 9 to 17; null gives null."""
    return credit_codes.str.slice(8, 9)


def _read_modern(identifier: str) -> Callable[[pl.Series], tuple[pl.Series, pl.Series]]:
    def read(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        checked = check_identifiers(identifier, texts)
        known = checked["reason"].is_in(list(FORMER_REASONS))
        other = pl.when(checked["reason"].is_null()).then(None).otherwise(pl.lit("form"))
        reasons = checked.select(pl.when(known).then(pl.col("reason")).otherwise(other))
        return checked["value"], reasons.to_series()

    return read


def _read_registration(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    digits = _matrix(texts, 15) - ord("0")
    product = np.full(len(texts), 10, dtype=np.int64)
    for place in range(14):
        total = (product + digits[:, place]) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    return texts, _wrong((product + digits[:, 14]) % 10 != 1)


def _read_organisation(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    plain = texts.str.replace("-", "", literal=True)
    letters = _matrix(plain, 9)
    numbers = np.where(letters >= ord("A"), letters - ord("A") + 10, letters - ord("0"))
    check = (11 - numbers[:, :8] @ _ORGANISATION_WEIGHTS % 11) % 11
    return plain, _wrong(_ORGANISATION_CHECKS[check] != letters[:, 8])


def _read_short(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """GB 11643-1999: the year gets its century, and a check digit follows."""
    longer = texts.str.slice(0, 6) + "19" + texts.str.slice(6)
    remainder = (_matrix(longer, 17) - ord("0")) @ _RESIDENT_WEIGHTS % 11
    checks = pl.Series(_RESIDENT_CHECKS[remainder].view("S1").astype("U1"), dtype=pl.String)
    born = longer.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    old = texts.str.slice(12, 3).cast(pl.Int64) >= 996
    frame = pl.DataFrame({"short": texts, "long": longer + checks, "born": born, "old": old})
    told = frame.select(
        pl.when(pl.col("old") | pl.col("born").is_null())
        .then(pl.col("short"))
        .otherwise(pl.col("long"))
        .alias("value"),
        pl.when(pl.col("old"))
        .then(pl.lit("century"))
        .when(pl.col("born").is_null())
        .then(pl.lit("birth_date"))
        .alias("reason"),
    )
    return told["value"], told["reason"]


def _matrix(texts: pl.Series, width: int) -> npt.NDArray[np.int64]:
    """Texts of so many ASCII characters as rows of their codes."""
    joined = str(texts.str.join("").item()) if len(texts) else ""
    return np.frombuffer(joined.encode("ascii"), np.uint8).reshape(-1, width).astype(np.int64)


def _wrong(wrong: npt.NDArray[np.bool_]) -> pl.Series:
    return pl.select(pl.when(pl.Series(wrong)).then(pl.lit("check_digit"))).to_series()


_READERS: Mapping[str, Callable[[pl.Series], tuple[pl.Series, pl.Series]]] = {
    "credit_code": _read_modern("uscc"),
    "identity_number": _read_modern("resident_id"),
    "registration_number": _read_registration,
    "organisation_code": _read_organisation,
    "short_number": _read_short,
}
