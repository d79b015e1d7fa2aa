"""Events of a run as lines for a log: JSON for programs, text for people, never personal data.

What stands on the error stream beside them (refusals, progress) is for whoever sits there; the log
is for whoever reads it later.
"""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from engine.shown_value import mask

Form = Literal["json", "text", "off"]
ROOT = "zhida"
Plain = str | int | float | bool | None
_ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x7f\x85\u2028\u2029"}
"""Line breaks that JSON leaves as they are: one event stays one line for everybody."""


def say_event(log: logging.Logger, event: str, /, **fields: object) -> None:
    """One line about one event, with its figures; what is no plain value becomes text."""
    log.info(event, extra={"fields": {name: _plain(value) for name, value in fields.items()}})


def set_up_log(form: Form) -> None:
    """Send events to the error stream in this form; `off` leaves warnings only, as text."""
    handler = _ErrorStream()
    handler.setFormatter(JsonLine() if form == "json" else TextLine())
    root = logging.getLogger()
    for other in [one for one in root.handlers if isinstance(one, _ErrorStream)]:
        root.removeHandler(other)
    root.addHandler(handler)
    logging.getLogger(ROOT).setLevel(logging.WARNING if form == "off" else logging.INFO)


def logs_json() -> bool:
    """Whether events are written as JSON, so that a program reads the error stream."""
    handlers = [one for one in logging.getLogger().handlers if isinstance(one, _ErrorStream)]
    return any(isinstance(one.formatter, JsonLine) for one in handlers)


def say_failure(reason: str) -> None:
    """Why a command was refused, as an event."""
    logging.getLogger(ROOT).error("refused", extra={"fields": {"reason": reason}})


class _ErrorStream(logging.Handler):
    """Writes to whatever the error stream is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


class JsonLine(logging.Formatter):
    """A record as one line of JSON: `at`, `level`, `log`, `event`, and the event's figures."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Plain] = {
            "at": _moment(record),
            "level": record.levelname.lower(),
            "log": record.name,
            "event": mask(record.getMessage()),
            **_fields(record),
        }
        if record.exc_info:
            line["trace"] = mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False).translate(_ESCAPED)


class TextLine(logging.Formatter):
    """A record as a line for people."""

    def format(self, record: logging.LogRecord) -> str:
        told = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        line = f"{_moment(record)} {record.levelname.lower()} {record.name}: {record.getMessage()}"
        line = " ".join(f"{line} {told}".splitlines()).rstrip()
        trace = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return mask(line + trace)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _fields(record: logging.LogRecord) -> dict[str, Plain]:
    """The event's figures, every text masked, by names that hide nothing of the line itself."""
    given: Mapping[str, Plain] = getattr(record, "fields", {})
    own = {"at", "level", "log", "event", "trace"}
    return {
        f"{name}_" if name in own else name: mask(value) if isinstance(value, str) else value
        for name, value in given.items()
    }


def _plain(value: object) -> Plain:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
