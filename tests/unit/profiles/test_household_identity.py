"""Which household a book holds today, against a clerk with the rule beside the files."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from profiles.household_identity import HOUSEHOLD, carry_households, list_merged

PERSONS = [f"P{number}" for number in range(7)]
BOOKS = ["B1", "B2", "B3", "B4"]
Member = tuple[str, str, str, bool]


def frame_of(members: list[Member]) -> pl.DataFrame:
    schema = {
        "household": pl.String,
        "book": pl.String,
        "person": pl.String,
        "head": pl.Boolean,
    }
    return pl.DataFrame(members, schema=schema, orient="row")


def today(places: list[tuple[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(places, schema={"book": pl.String, "person": pl.String}, orient="row")


@st.composite
def befores(draw: st.DrawFn) -> list[Member]:
    """Households by distinct books, each with a head; a person is in one of them at most."""
    books = draw(st.dictionaries(st.sampled_from(PERSONS), st.sampled_from(BOOKS)))
    ids = dict(zip(BOOKS, draw(st.permutations(["B1", "B2", "B3", "H9"])), strict=True))
    members: list[Member] = []
    for person, book in sorted(books.items()):
        head = not any(b == book for _, b, _, _ in members)
        members.append((ids[book], book, person, head))
    return members


NOWS = st.lists(
    st.tuples(st.sampled_from([*BOOKS, "B5"]), st.sampled_from([*PERSONS, "P8"])), max_size=9
)


def by_the_rule(
    before: list[Member], now: list[tuple[str, str]]
) -> dict[str, tuple[str | None, str]]:
    books_of: dict[str, set[str]] = {}
    for book, person in now:
        books_of.setdefault(person, set()).add(book)
    place = {person: next(iter(books)) for person, books in books_of.items() if len(books) == 1}
    households: dict[str, list[Member]] = {}
    for member in before:
        households.setdefault(member[0], []).append(member)
    claims: dict[str, list[tuple[bool, int, str]]] = {}
    for household, members in households.items():
        staying = [member for member in members if member[2] in place]
        if not staying:
            continue
        number = members[0][1]
        here = {place[member[2]] for member in staying}

        def strength(book: str, staying=staying, number=number):
            mine = [member for member in staying if place[member[2]] == book]
            heads = any(member[3] for member in mine)
            least = min(member[2] for member in mine)
            return (book == number, heads, len(mine), -int(least[1:]))

        best = max(here, key=strength)
        same, _, several, _ = strength(best)
        claims.setdefault(best, []).append((same, several, household))
    told: dict[str, tuple[str | None, str]] = {}
    for book in {book for book, _ in now}:
        if book in claims:
            first = min(claims[book], key=lambda claim: (not claim[0], -claim[1], claim[2]))
            told[book] = (first[2], "kept")
        elif book in households:
            told[book] = (None, "used again")
        else:
            told[book] = (book, "new")
    return told


@given(befores(), NOWS)
def test_every_book_holds_the_household_that_the_rule_says(
    before: list[Member], now: list[tuple[str, str]]
) -> None:
    found = carry_households(frame_of(before), today(now))
    assert found.schema == HOUSEHOLD
    assert {b: (h, o) for b, h, o in found.iter_rows()} == by_the_rule(before, now)
    ids = found["household"].drop_nulls()
    assert ids.n_unique() == len(ids)


@given(befores(), NOWS, st.randoms())
def test_the_order_of_rows_does_not_matter(before, now, random) -> None:
    found = carry_households(frame_of(before), today(now))
    shuffled = carry_households(
        frame_of(random.sample(before, len(before))), today(random.sample(now, len(now)))
    )
    assert found.equals(shuffled)


@given(befores(), st.permutations(["N1", "N2", "N3", "N4"]))
def test_new_numbers_for_all_books_change_no_id(before: list[Member], numbers: list[str]) -> None:
    renamed = dict(zip(BOOKS, numbers, strict=True))
    now = [(renamed[book], person) for _, book, person, _ in before]
    found = carry_households(frame_of(before), today(now))
    assert dict(found.select("book", "household").iter_rows()) == {
        renamed[book]: household for household, book, _, _ in before
    }


def test_a_split_a_merger_and_a_number_used_again() -> None:
    before = [
        ("B1", "B1", "P1", True),
        ("B1", "B1", "P2", False),
        ("B2", "B2", "P3", True),
        ("B2", "B2", "P4", False),
        ("B3", "B3", "P5", True),
    ]
    split = today([("N1", "P1"), ("N2", "P2"), ("B2", "P3"), ("B2", "P4"), ("B3", "P5")])
    assert carry_households(frame_of(before), split).rows() == [
        ("B2", "B2", "kept"),
        ("B3", "B3", "kept"),
        ("N1", "B1", "kept"),  # the head took it along
        ("N2", "N2", "new"),
    ]
    merged = today([("B2", p) for p in ("P1", "P2", "P3", "P4")] + [("B1", "P9"), ("B3", "P5")])
    assert carry_households(frame_of(before), merged).rows() == [
        ("B1", None, "used again"),
        ("B2", "B2", "kept"),
        ("B3", "B3", "kept"),
    ]
    assert list_merged(frame_of(before), merged).rows() == [("B1", "B2")]
