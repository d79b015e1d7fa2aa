"""`limits.yaml` of an installation: how much a run may change before a second person must look.

Only whoever runs the installation writes it. A policy file has no key for it, so that no author
loosens the brake for their own policy.
"""

from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from engine.brake import BrakeLimits, Limits
from language.document import Document
from language.document_decoding import decode
from language.document_reading import read_documents
from language.errors import FilesRefused, Problem
from language.number import parse_number

FEN_PER_YUAN = 100


def _check_count(text: str) -> str:
    number = parse_number(text)
    if number < 0 or number.denominator != 1:
        raise ValueError(f'"{text}" is no count; write a whole number such as 500 or 50万')
    return text


def _check_money(text: str) -> str:
    number = parse_number(text) * FEN_PER_YUAN
    if number < 0 or number.denominator != 1:
        raise ValueError(f'"{text}" is no sum in yuan; write one such as 5000 or 2.5亿')
    return text


def _check_share(text: str) -> str:
    if parse_number(text) < 0:
        raise ValueError(f'"{text}" is no share; write one such as 20% (100%: as many again)')
    return text


def _check_why(text: str) -> str:
    if not text.strip():
        raise ValueError("say why this policy has limits of its own")
    return text


Count = Annotated[str, AfterValidator(_check_count)]
Money = Annotated[str, AfterValidator(_check_money)]
Share = Annotated[str, AfterValidator(_check_share)]


class LimitsFile(BaseModel):
    """Limits that are other than the built-in ones; `amount` in yuan."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gained: Count | None = None
    lost: Count | None = None
    unsettled: Count | None = None
    amount: Money | None = None
    gained_share: Share | None = None
    lost_share: Share | None = None
    unsettled_share: Share | None = None
    amount_share: Share | None = None
    audience_share: Share | None = None
    few: Count | None = None


class PolicyLimitsFile(LimitsFile):
    """Limits of one policy, and why it has its own."""

    why: Annotated[str, AfterValidator(_check_why)]


class BrakeFile(BaseModel):
    """The whole file: the limits of every policy, and those of some by their ids."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limits: LimitsFile = LimitsFile()
    policies: dict[str, PolicyLimitsFile] = {}


def read_limits(path: Path) -> BrakeLimits:
    """The limits of an installation; the built-in ones where there is no file.

    Raises FilesRefused with every mistake of it: a run never goes on with limits half understood.
    """
    if not path.exists():
        return BrakeLimits()
    documents, problems = read_documents(path)
    if not problems and len(documents) > 1:
        problems = [documents[1].problem((), "there is one document in it, not several")]
    if problems:
        raise FilesRefused(problems)
    return _decode_limits(documents[0])


def _decode_limits(document: Document) -> BrakeLimits:
    file, problems = decode(document, BrakeFile)
    problems += _find_wide_shares(document, file)
    if problems or file is None:
        raise FilesRefused(problems)
    usual = _override(Limits(), file.limits)
    return BrakeLimits(
        usual=usual,
        by_policy={name: _override(usual, own) for name, own in file.policies.items()},
    )


def _find_wide_shares(document: Document, file: BrakeFile | None) -> list[Problem]:
    """Shares of a whole that nothing can be above; those gained and of amounts may be."""
    if file is None:
        return []
    places = [("limits",), *(("policies", name) for name in file.policies)]
    found = []
    for place, given in zip(places, [file.limits, *file.policies.values()], strict=True):
        for name in ("lost_share", "unsettled_share", "audience_share"):
            share = getattr(given, name)
            if share is not None and parse_number(share) > 1:
                message = f'"{share}" is more than all there are'
                found.append(document.problem((*place, name), message, "write at most 100%"))
    return found


def _override(limits: Limits, given: LimitsFile) -> Limits:
    """The limits with those that the file gives in their place."""

    def share(text: str | None, usual: Fraction) -> Fraction:
        return usual if text is None else parse_number(text)

    def count(text: str | None, usual: int) -> int:
        return usual if text is None else int(parse_number(text))

    amount_fen = limits.amount_fen
    if given.amount is not None:
        amount_fen = int(parse_number(given.amount) * FEN_PER_YUAN)
    return Limits(
        gained=count(given.gained, limits.gained),
        lost=count(given.lost, limits.lost),
        unsettled=count(given.unsettled, limits.unsettled),
        amount_fen=amount_fen,
        gained_share=share(given.gained_share, limits.gained_share),
        lost_share=share(given.lost_share, limits.lost_share),
        unsettled_share=share(given.unsettled_share, limits.unsettled_share),
        amount_share=share(given.amount_share, limits.amount_share),
        audience_share=share(given.audience_share, limits.audience_share),
        few=count(given.few, limits.few),
    )
