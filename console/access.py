"""Who was given personal data, and what for: in the journal before anything is shown.

网络数据安全管理条例 (State Council order 790) article 12: whoever provides personal data to others
keeps records of it for at least three years. 个人信息保护法 article 6: for a stated purpose, and no
more than it needs.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from console.settings import Settings, read_account, read_clock
from console.wiring import opened_database
from engine.shown_value import mask
from ledger.journal import record

MAX_PURPOSE = 200
Purpose = Annotated[
    str | None,
    typer.Option(help="What it is for, in a few words; kept in the journal."),
]


def read_purpose(text: str | None) -> str:
    """The purpose as it goes into the journal. Refused where it says nothing, or names somebody."""
    purpose = " ".join((text or "").split())
    if len(purpose) < 2:
        raise typer.BadParameter("say in a few words what this is for: it goes into the journal")
    if len(purpose) > MAX_PURPOSE:
        raise typer.BadParameter(f"a purpose has at most {MAX_PURPOSE} signs")
    if mask(purpose) != purpose:
        raise typer.BadParameter("a purpose holds no identity number, code, phone or account")
    return purpose


def record_access(
    settings: Settings, kind: str, *, subject: str = "", purpose: str, what: Mapping[str, Any]
) -> None:
    """Write who is given what, for which purpose; committed before this returns."""
    with opened_database(settings) as engine, engine.begin() as connection:
        record(
            connection,
            kind=kind,
            actor=f"operator:{read_account()}",
            subject=subject,
            body={"purpose": purpose, **what},
            now=read_clock(),
        )
