"""Tiers that leave a part out, count one twice, or are empty."""

from pathlib import Path

import pytest

from language.errors import FilesRefused
from tests.support.policy_texts import load_text

FOUND = {
    "in order": ("{over: 0, up_to: 100, rate: 1%}, {over: 100, rate: 2%}", ""),
    "a gap": (
        "{over: 0, up_to: 100, rate: 1%}, {over: 200, rate: 2%}",
        "no tier for the part over 100, for example for revenue 150",
    ),
    "counted twice": (
        "{over: 0, up_to: 200, rate: 1%}, {over: 100, rate: 2%}",
        "the tiers over 0 and over 100 both add their part, for example for revenue 150",
    ),
    "an open end": (
        "{over: 0, each: 10, gives: 1}, {over: 100, rate: 2%}",
        "over 0 and over 100 both add their part, for example for revenue 101",
    ),
    "given once": ("{over: 0, gives: 1}, {over: 100, gives: 2}", ""),
    "out of order": (
        "{over: 100, rate: 2%}, {over: 0, up_to: 100, rate: 1%}",
        "the tier over 0 stands too late",
    ),
}


def policy(tiers: str) -> str:
    return f"""
        parameters: {{t: {{by: revenue, source: 一, tiers: [{tiers}]}}}}
        clauses: [{{id: a, says: 一, source: 一, when: not is_zombie}}]
        benefit: {{amount: t}}
    """


@pytest.mark.parametrize("case", FOUND)
def test_tiers_that_do_not_fit_together_are_told_with_a_number(tmp_path: Path, case: str) -> None:
    tiers, message = FOUND[case]
    found = [str(w) for w in load_text(tmp_path, policy(tiers)).warnings if '"t"' in str(w)]
    assert len(found) == bool(message), found
    assert all(message in warning for warning in found)


@pytest.mark.parametrize("end", [100, 50])
def test_an_empty_tier_is_refused(tmp_path: Path, end: int) -> None:
    with pytest.raises(FilesRefused, match="is empty"):
        load_text(tmp_path, policy(f"{{over: 100, up_to: {end}, rate: 1%}}"))
