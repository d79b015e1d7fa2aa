import dataclasses
from datetime import timedelta
from fractions import Fraction

import pytest

from profiles.dataset import BUILTIN, Limits, load_datasets
from profiles.errors import DecisionRefused, ReleaseDamaged
from profiles.release import list_releases, newest_release
from profiles.standing import accept_release, find_release, reject_release
from tests.unit.profiles.delivery_world import DATASETS, DAY, credit_code, deliver

SIZES = DATASETS["size-class"]
HEADER = "uscc,year,ent_size"
LATER = DAY + timedelta(days=1)


def lines(count: int, size: str = "small") -> list[str]:
    return [f"{credit_code(number)},2024,{size}" for number in range(count)]


def test_a_release_that_loses_too_many_rows_waits_for_a_person(tmp_path):
    root = tmp_path / "releases"
    first = deliver(tmp_path, SIZES, HEADER, *lines(200)).release
    second = deliver(tmp_path, SIZES, HEADER, *lines(159), on=LATER).release
    assert second.standing == "waiting"
    assert second.exceeded == ("41 of 200 rows are gone (20.5%), more than 20%",)
    assert newest_release(root, "size-class", LATER) == first
    accept_release(second, by="reviewer", reason="firms have moved away", at="2025-06-02T09:00:00")
    accepted = find_release(root, "size-class", second.hash[:8])
    assert accepted.standing == "in force"
    assert newest_release(root, "size-class", LATER) == accepted


def test_up_to_the_limit_nobody_is_asked(tmp_path):
    deliver(tmp_path, SIZES, HEADER, *lines(200))
    assert deliver(tmp_path, SIZES, HEADER, *lines(160), on=LATER).release.standing == "in force"


def test_a_few_rows_may_go_whatever_share_they_are(tmp_path):
    deliver(tmp_path, SIZES, HEADER, *lines(21))
    assert deliver(tmp_path, SIZES, HEADER, *lines(1), on=LATER).release.standing == "in force"
    deliver(tmp_path, SIZES, HEADER, *lines(22), on=LATER + timedelta(days=1))
    last = deliver(tmp_path, SIZES, HEADER, *lines(1), on=LATER + timedelta(days=2)).release
    assert last.standing == "waiting"


def test_a_release_that_changes_too_much_waits(tmp_path):
    deliver(tmp_path, SIZES, HEADER, *lines(100))
    changed = lines(51, "large") + lines(100)[51:]
    release = deliver(tmp_path, SIZES, HEADER, *changed, on=LATER).release
    assert release.exceeded == ("51 of 100 rows say something else (51.0%), more than 50%",)


def test_a_rejected_release_never_counts_and_the_next_is_compared_with_the_one_before(tmp_path):
    root = tmp_path / "releases"
    first = deliver(tmp_path, SIZES, HEADER, *lines(200)).release
    second = deliver(tmp_path, SIZES, HEADER, *lines(10), on=LATER).release
    reject_release(second, by="reviewer", reason="cut off", at="2025-06-02T09:00:00")
    assert newest_release(root, "size-class", LATER) == first
    third = deliver(tmp_path, SIZES, HEADER, *lines(199), on=LATER).release
    assert third.changed.before == 200
    assert newest_release(root, "size-class", LATER) == third


def test_what_was_decided_stays_and_cannot_be_decided_twice(tmp_path):
    deliver(tmp_path, SIZES, HEADER, *lines(200))
    second = deliver(tmp_path, SIZES, HEADER, *lines(10), on=LATER).release
    reject_release(second, by="reviewer", reason="cut off", at="2025-06-02T09:00:00")
    again = find_release(tmp_path / "releases", "size-class", second.hash)
    with pytest.raises(DecisionRefused, match="rejected already"):
        accept_release(again, by="other", reason="x", at="2025-06-02T10:00:00")
    path = second.path / "decision.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ReleaseDamaged, match="what was decided"):
        list_releases(tmp_path / "releases", "size-class")


def test_nothing_waits_that_breaks_no_limit(tmp_path):
    first = deliver(tmp_path, SIZES, HEADER, *lines(5)).release
    with pytest.raises(DecisionRefused, match="in force already"):
        accept_release(first, by="other", reason="x", at="2025-06-02T10:00:00")


def test_a_dataset_sets_its_own_limits(tmp_path):
    strict = dataclasses.replace(SIZES, limits=Limits(vanished=Fraction(1, 100)))
    deliver(tmp_path, strict, HEADER, *lines(1000))
    assert deliver(tmp_path, strict, HEADER, *lines(979), on=LATER).release.standing == "waiting"


def test_limits_are_written_as_shares(tmp_path):
    text = (BUILTIN / "size-class.yaml").read_text(encoding="utf-8")
    path = tmp_path / "size-class.yaml"
    path.write_text(text + "limits: {vanished: 2.5%}\n", encoding="utf-8")
    limits = load_datasets([path])["size-class"].limits
    assert limits == Limits(vanished=Fraction(1, 40), changed=Fraction(1, 2))


@pytest.mark.parametrize(("several", "standing"), [(50, "in force"), (51, "waiting")])
def test_changes_are_measured_by_the_rows_that_they_change(tmp_path, several, standing):
    deliver(tmp_path, SIZES, HEADER, *lines(100))
    changed = [f"{line},N" for line in lines(several, "large")]
    header = HEADER + ",removed"
    release = deliver(tmp_path, SIZES, header, *changed, on=LATER, mode="incremental").release
    assert release.standing == standing


@pytest.mark.parametrize(("several", "standing"), [(20, "in force"), (21, "waiting")])
def test_removals_are_measured_by_the_rows_that_there_were(tmp_path, several, standing):
    deliver(tmp_path, SIZES, HEADER, *lines(100))
    removed = [f"{line},Y" for line in lines(several)]
    header = HEADER + ",removed"
    release = deliver(tmp_path, SIZES, header, *removed, on=LATER, mode="incremental").release
    assert release.standing == standing
    assert release.changed.vanished == several


def test_a_delivery_of_nothing_waits_however_few_rows_there_were(tmp_path):
    few = DATASETS["zombie-list"]
    header = "uscc,listed_on,removed_on"
    deliver(tmp_path, few, header, f"{credit_code(1)},2024-01-01,")
    emptied = deliver(tmp_path, few, header, on=LATER).release
    assert emptied.standing == "waiting"
    assert emptied.exceeded == ("all 1 rows are gone and none has come",)
