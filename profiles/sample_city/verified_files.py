"""Files that payments and notices rest on: verified accounts and contacts. None can be a real one.

Accounts begin with 0000, telephones with 1004, addresses end in .invalid (RFC 2606).
"""

import numpy as np
import polars as pl

from profiles.sample_city.city import City
from profiles.sample_city.columns import (
    codes,
    gathered,
    in_order,
    numbered,
    planted_column,
    row_names,
)
from profiles.sample_city.days import YEAR, date_column, hide
from profiles.sample_city.draw import Flags, Ints, happens, whole
from profiles.sample_city.firms import Firms
from profiles.sample_city.people import People, registered_by

_USES = ("payee", "contributions")
_BANK = ("示范银行示范支行",)
_OFFICE = ("示范银行", "政务服务中心")


def make_enterprise_accounts(city: City, firms: Firms) -> pl.DataFrame:
    """Two in three firms have named an account; who insures staff has one that pays it."""
    there = firms.registered + 60 <= city.today
    named = there & happens(city.seed, "account/named", firms.index, 0.67)
    paying = there & firms.insures & happens(city.seed, "account/paying", firms.index, 0.95)
    return in_order(
        [
            _accounts(city, "uscc", firms.uscc, firms.index, named, firms.registered + 30, 0),
            _accounts(city, "uscc", firms.uscc, firms.index, paying, firms.registered + 45, 1),
        ]
    )


def make_resident_accounts(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """The accounts of adults' social security cards, as far as known: three in ten."""
    grown = people.born + int(18 * YEAR)
    there = registered_by(people, city.today) & (grown + 60 <= city.today)
    there &= (people.died > city.today) & happens(city.seed, "card", people.person, 0.3)
    return _accounts(city, "id_number", ids, people.person, there, grown + 30, 0)


def _accounts(
    city: City, key: str, keys: pl.Series, index: Ints, there: Flags, begin: Ints, use: int
) -> pl.DataFrame:
    """One account each, checked by the bank for nine in ten."""
    places = np.flatnonzero(there)
    subject = index[places]
    checked = happens(city.seed, f"{key}/account checked", subject, 0.9, use)
    nothing = np.zeros(len(places), dtype=np.int64)
    unended = np.zeros(len(places), dtype=np.bool_)
    return pl.DataFrame(
        {
            key: gathered(keys, places),
            "account_no": numbered("0000", subject * 2 + use, 15),
            "account_name": numbered("示范户名", subject, 8),
            "bank": codes(_BANK, nothing),
            "use": codes(_USES, nothing + use),
            "verified_on": date_column(begin[places] + 10, checked),
            "verified_by": hide(codes(_OFFICE, nothing), ~checked),
            "from_on": date_column(begin[places]),
            "to_on": date_column(begin[places], unended),
            "row": row_names(subject, use),
            "planted": planted_column(len(places)),
        }
    )


def make_enterprise_contacts(city: City, firms: Firms) -> pl.DataFrame:
    """An address of most firms, and the telephone of some."""
    there = firms.registered + 30 <= city.today
    mail = there & happens(city.seed, "contact/mail", firms.index, 0.8)
    phone = there & happens(city.seed, "contact/phone", firms.index, 0.3)
    begin = firms.registered + 5
    return in_order(
        [
            _contacts(city, "uscc", firms.uscc, firms.index, mail, begin, "email"),
            _contacts(city, "uscc", firms.uscc, firms.index, phone, begin, "mobile"),
        ]
    )


def make_resident_contacts(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """Telephones of one adult in five, left with an office."""
    begin = people.born + int(18 * YEAR)
    there = registered_by(people, city.today) & (begin + 30 <= city.today)
    there &= (people.died > city.today) & happens(city.seed, "contact", people.person, 0.2)
    return _contacts(city, "id_number", ids, people.person, there, begin, "mobile")


def _contacts(
    city: City, key: str, keys: pl.Series, index: Ints, there: Flags, begin: Ints, channel: str
) -> pl.DataFrame:
    places = np.flatnonzero(there)
    subject = index[places]
    part = 1 if channel == "mobile" else 0
    later = 20 + whole(city.seed, f"{key}/contact checked", subject, 1500, part)
    checked = (begin[places] + later <= city.today) & happens(
        city.seed, f"{key}/contact answered", subject, 0.85, part
    )
    nothing = np.zeros(len(places), dtype=np.int64)
    mail = numbered("office", subject, 7, "@example.invalid")
    return pl.DataFrame(
        {
            key: gathered(keys, places),
            "channel": codes((channel,), nothing),
            "address": mail if channel == "email" else numbered("1004", subject % 10_000_000, 7),
            "person": numbered("示例居民", subject, 8),
            "verified_on": date_column(begin[places] + later, checked),
            "verified_by": hide(codes(_OFFICE, nothing + 1), ~checked),
            "from_on": date_column(begin[places]),
            "to_on": date_column(begin[places], np.zeros(len(places), dtype=np.bool_)),
            "row": row_names(subject, part),
            "planted": planted_column(len(places)),
        }
    )
