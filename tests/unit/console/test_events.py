"""Events as lines: their form, and that nothing personal ever gets into one."""

import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.events import JsonLine, TextLine, logs_json, say_event, say_failure, set_up_log

IDENTITY, PHONE, ACCOUNT, CREDIT = (
    "11010119900307123X", "13912345678", "4000021234567890123", "91110000MA01ABCD2X",
)  # fmt: skip
SECRETS = (IDENTITY, PHONE, ACCOUNT, CREDIT)
LOG = logging.getLogger("zhida.test")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The log is as before afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), logging.getLogger("zhida").level
    yield
    root.handlers[:] = handlers
    logging.getLogger("zhida").setLevel(level)


def told_by(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_an_event_is_one_line_of_json_with_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("json")
    say_event(LOG, "stage ended", run="2025-11-30-ab", stage="comparing", seconds=1.5, done=3)
    (line,) = told_by(capsys)
    told = json.loads(line)
    assert told.pop("at").endswith("+00:00")
    assert told == {
        "level": "info", "log": "zhida.test", "event": "stage ended", "run": "2025-11-30-ab",
        "stage": "comparing", "seconds": 1.5, "done": 3,
    }  # fmt: skip


def test_lines_are_written_once_however_often_the_log_is_set_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(3):
        set_up_log("json")
    say_event(LOG, "once")
    assert len(told_by(capsys)) == 1
    set_up_log("text")
    say_event(LOG, "text now", run="r")
    assert told_by(capsys)[0].endswith("info zhida.test: text now run=r")
    assert not logs_json()


def test_off_is_silent_but_for_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("off")
    say_event(LOG, "not told")
    LOG.warning("told")
    (line,) = told_by(capsys)
    assert line.endswith("warning zhida.test: told")


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_looks_like_personal_data_is_masked_wherever_it_stands(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_log("json" if form == "json" else "text")
    for secret in SECRETS:
        say_event(LOG, f"event of {secret}", subject=secret, told=f"call {secret}, or write")
        say_failure(f"line 3: {secret} is known already")
        logging.getLogger("library.of.somebody").warning("row %s refused", secret)
        try:
            raise ValueError(f"cannot read {secret}")
        except ValueError:
            LOG.exception("failed for %s", secret)
    written = capsys.readouterr().err
    assert "ValueError: cannot read" in written
    assert [secret for secret in SECRETS if secret in written] == []
    assert len(written.splitlines()) >= len(SECRETS) * 4


def test_a_field_cannot_stand_for_the_line_itself(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("json")
    say_event(LOG, "real", level="forged", at="never")
    (line,) = told_by(capsys)
    told = json.loads(line)
    assert (told["event"], told["level"], told["level_"]) == ("real", "info", "forged")
    assert told["at_"] == "never"


@given(text=st.text(), value=st.one_of(st.none(), st.booleans(), st.floats(), st.text()))
def test_whatever_is_told_stays_one_line(text: str, value: object) -> None:
    """Line breaks in a text forge no second event."""
    record = logging.LogRecord("zhida.x", logging.INFO, "", 0, "%s", (text,), None)
    record.fields = {"value": value}
    line = JsonLine().format(record)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["level"] == "info"
    assert len(TextLine().format(record).splitlines()) == 1
