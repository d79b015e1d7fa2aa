"""Questions that a command asks, each of which an option may answer as well."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import typer

from profiles.region import full_name, region_code, region_name, similar_regions

Read = Callable[[str], str]
"""Makes an answer of what was typed; ValueError with a sentence where it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked; without a `default` it has to be answered."""

    option: str
    text: str
    read: Read
    default: str | None = None


@dataclass(slots=True, kw_only=True)
class Asking:
    """Answers from options, then from the person, unless `silent`; what is missing gathers."""

    silent: bool
    missing: list[str] = field(default_factory=list)

    def answer(self, question: Question, given: str | None) -> str:
        """The answer. Raises typer.BadParameter where an option's value is none."""
        if given is not None:
            try:
                return question.read(given)
            except ValueError as error:
                raise typer.BadParameter(f"{question.option}: {error}") from None
        if not self.silent:
            return _prompt(question)
        if question.default is None:
            self.missing.append(f"{question.option} {question.text}")
            return ""
        return question.read(question.default)

    def finish(self) -> None:
        """Tell every option that is missing, together."""
        if self.missing:
            named = "; ".join(self.missing)
            raise typer.BadParameter(f"还需要 these are missing: {named}")


def _prompt(question: Question) -> str:
    def read(text: str) -> str:
        try:
            return question.read(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    answer: str = typer.prompt(
        question.text,
        default=question.default,
        show_default=bool(question.default),
        value_proc=read,
        err=True,
    )
    return answer


def read_id(text: str) -> str:
    """A policy's id."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", text, re.ASCII):
        raise ValueError(f"“{text}”不是标识：只用小写字母、数字、连字符 (use a-z, 0-9 and -)")
    return text


def read_text(text: str) -> str:
    """A text that says something."""
    if not text.strip():
        raise ValueError("不能为空 (must not be empty)")
    return text.strip()


def read_any(text: str) -> str:
    """A text, perhaps empty."""
    return text.strip()


def read_choice(*allowed: str) -> Read:
    """One of some words."""

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"“{text}”不在其中 (none of {', '.join(allowed)})")
        return text

    return read


def read_day_text(text: str) -> str:
    """A day."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"“{text}”不是日期 (no day: write 2025-01-01)") from None


def read_region(text: str) -> str:
    """A region's code, from a code or a name of GB/T 2260; empty is everywhere."""
    if not text.strip():
        return ""
    code = region_code(text.strip())
    if code is not None and region_name(code[:6]):  # towns and villages are not in the table
        return code
    like = "；".join(f"{found} {full_name(found)}" for found in similar_regions(text))
    remedy = f"是否 is it: {like}" if like else "请写代码 write its code"
    raise ValueError(f"“{text}”不是唯一的地区名称 (tells no region of GB/T 2260); {remedy}")
