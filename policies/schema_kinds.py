"""What kinds of text authors write, as JSON Schema: patterns, and names to choose from.

Files are read as text by `zhida`, but an editor reads `5.5` as a number and `true` as a boolean
(YAML 1.2, core schema). So every kind allows whatever an editor may take its texts for, and never
less than `zhida check` accepts: a suggestion is one branch, any text is the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from language.definition import Hit
from policies.deadline import EVENTS, NOTICE_WORDS
from policies.declared_table import HITS
from policies.draft import TIMES
from profiles.fact import Vocabulary
from profiles.region import region_code, regions_down_to_prefectures
from profiles.span import PERIOD_SPANS

Schema = dict[str, Any]

ANY_SCALAR: Schema = {"anyOf": [{"type": "string"}, {"not": {"type": ["object", "array"]}}]}
"""Any text. Said so that no editor proposes `true`, `false` and `null` for it."""

EMPTY: Schema = {"not": {"type": ["object", "array", "string", "number", "boolean"]}}
"""A key without a value, likewise."""
_NUMBER = r"^[\s_]*[+-]?[0-9_]+(?:\.[0-9_]+)?(?:%|‰|[万亿]_*元?|元)?[\s_]*$"
_LENGTH = r"[1-9][0-9]{0,3} (?:working day|day|month)s?"
_DEADLINE = (
    rf"^(?:{_LENGTH}(?: after (?:{'|'.join(EVENTS)}))?|day (?:[1-9]|[12][0-9]|3[01])"
    r"|by \S+|\S+ to \S+)$"
)
PATTERNS: Mapping[str, str] = {
    "id": "^[a-z0-9-]+$",
    "name": "^[A-Za-z_][A-Za-z0-9_]*$",
    "day": "^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}|[0-9]{4}-?W[0-9]{2}(?:-?[0-9])?)$",
    "number": _NUMBER,
    "end": f"{_NUMBER}|^unlimited$",
    "region": "^(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}|.*[^0-9].*)$",
    "period": "^(?:this|last|[0-9]{4}(?:-[0-9]{2}|Q[1-4]|H[12])?)$",
    "months": r"^\s*[1-9][0-9]{0,3} months?\s*$",
    "length": rf"^\s*{_LENGTH}\s*$",
    "notice": r"^\s*(?:[0-9]+|[1-9][0-9]{0,3} (?:working )?days?)\s*$",
    "deadline": _DEADLINE,
    "relation": "^[a-z][a-z0-9_]*$",
    "span": "^[1-9][0-9]{0,4} (?:days?|weeks?|months?|years?)$",
}
"""What no text of these kinds is without. `check` knows better, and looks closer."""

_TOLD: Mapping[str, str] = {
    "id": "标识只用小写字母、数字和连字符: use a-z, 0-9 and -",
    "name": "名称只用字母、数字和下划线: use a-z, 0-9 and _",
    "day": "日期写成 2024-05-01: write a day as 2024-05-01",
    "number": "数写成 1500、5.5%、3‰、500万 或 1.2亿: write 1500, 5.5%, 3‰, 500万 or 1.2亿",
    "end": "数写成 1500、500万 或 unlimited: write 1500, 500万 or unlimited",
    "region": "地区写名称，或 2、4、6、9、12 位代码: write a name or a code of 2 to 12 digits",
    "period": "写 this、last、2024、2024H1、2024Q3 或 2024-05: write this, last, or a period",
    "months": "写 3 months: write 3 months",
    "length": "写 30 days、5 working days 或 2 months: write 30 days, 5 working days or 2 months",
    "notice": "写 7 或 5 working days: write 7 or 5 working days",
    "deadline": "写 30 working days、30 days after funding、day 10、by 2025-03-31 或 2025-12-01 to "
    "2025-12-31: write one of these",
    "relation": "写 subject、guardian 等关系: write subject, guardian or a column's name",
    "span": "写 45 days 或 5 years: write 45 days or 5 years",
}
"""What an editor tells whoever writes otherwise."""

YES: Schema = {
    "type": ["boolean", "string"],
    "pattern": "^(?:true|false)$",
    "patternErrorMessage": "写 true 或 false: write true or false",
}

_NUMBERS_TOO = ("day", "number", "end", "region", "period", "notice")
"""Kinds whose texts an editor may read as a number."""


_UNITS = ("yuan", "yuan/month", "yuan/month/person", "month", "person", "percent")
_HITS: Mapping[Hit, str] = {
    Hit.UNIQUE: "唯一: one row applies, two that apply are an error",
    Hit.ANY: "任一: the rows that apply must agree",
    Hit.FIRST: "首个: the first row that applies",
    Hit.PRIORITY: "优先: the row whose output stands first in its values",
    Hit.RULE_ORDER: "按行序列出: the texts of all rows that apply, in the order of the rows",
    Hit.OUTPUT_ORDER: "按值序列出: the texts of all rows that apply, in the order of values",
    Hit.COLLECT: "汇集: the texts of all rows that apply",
    Hit.SUM: "求和: the sum of the rows that apply",
    Hit.MIN: "取最小: the least of the rows that apply",
    Hit.MAX: "取最大: the greatest of the rows that apply",
    Hit.COUNT: "计数: how many rows apply",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A word that may be chosen, and what it means."""

    word: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The names of a vocabulary that authors choose from, by the kind of text."""

    by_kind: Mapping[str, tuple[Offer, ...]]


def offers_of(vocabulary: Vocabulary) -> Offers:
    """What a vocabulary offers wherever a fact, rows or a fixed word may stand."""
    facts = tuple(
        Offer(
            word=fact.name,
            says=f"{fact.label_zh}\n\n{fact.label_en or fact.name} ({fact.of}, {fact.type})",
        )
        for fact in vocabulary.facts.values()
        if "::" not in fact.name
    )
    rows = tuple(
        Offer(word=name, says=f"{rows.label_zh}\n\n{rows.label_en} ({rows.of or 'anybody'})")
        for name, rows in vocabulary.row_sets.items()
    )
    times = _plain(**dict.fromkeys(TIMES, "运行日或所属期的起止日\n\nA day of the run"))
    amounts = _plain(
        sum_of_portions="分项之和\n\nThe sum of the portions",
        highest_portion="分项中最高者\n\nThe highest portion",
        sum_of_rows="各行金额之和\n\nThe sum of the rows' amounts",
        rows_that_hold="成立的行数\n\nHow many rows hold",
    )
    return Offers(
        by_kind={
            "fact": facts + times,
            "expression": facts,
            "amount": amounts + facts,
            "rows": rows,
            "column": _plain(rows="行本身\n\nThe rows themselves"),
            "shown": tuple(Offer(word=word, says="") for word in NOTICE_WORDS) + facts,
            "on": times,
            "over": tuple(
                Offer(word=word, says="")
                for word in (
                    "this year", "last year", "last 2 years", "this month", "last month",
                    "last 3 months", *PERIOD_SPANS,
                )
            ),
            "run": tuple(Offer(word=word, says="") for word in ("month", "quarter", "year")),
            "unit": tuple(Offer(word=word, says="") for word in _UNITS),
            "system": _plain(**{"GB/T 2260": "行政区划", "GB/T 4754-2017": "国民经济行业分类"}),
            "relation": _plain(
                subject="对象本人\n\nThe subject", guardian="监护人\n\nThe guardian"
            ),
            "period": _plain(this="本期\n\nThe one of the day", last="上期\n\nThe one before"),
            "region": _regions(),
            "rounding": _plain(
                **{
                    "down to 1": "向下取整\n\nDown to a whole",
                    "up to 1": "向上取整\n\nUp to a whole",
                    "half up to 0.01": "四舍五入到分\n\nHalf up to a fen",
                }
            ),
            "amount_or_unknown": _plain(unknown="金额未定\n\nOpen, or not due"),
        }
    )  # fmt: skip


def _regions() -> tuple[Offer, ...]:
    """Provinces and prefectures by their names, then by their codes."""
    table = regions_down_to_prefectures()
    named = [Offer(word=name, says=code) for code, name in table if region_code(name) == code]
    return (*named, *(Offer(word=code, says=name) for code, name in table))


def _plain(**said: str) -> tuple[Offer, ...]:
    return tuple(Offer(word=word, says=says) for word, says in said.items())


def kind_schema(takes: str, offers: Offers) -> Schema:
    """The schema of one text."""
    if takes == "hit":
        return fixed_words({word: _HITS[hit] for word, hit in HITS.items()})
    if takes == "yes":
        return dict(YES)
    text = _any_text(takes)
    if takes not in offers.by_kind:
        return text
    return {"anyOf": [text, reference_to_offers(takes)]}


def reference_to_offers(takes: str) -> Schema:
    """A reference to the suggestions of a kind, which stand among the definitions once."""
    return {"$ref": f"#/definitions/offered.{takes}"}


def define_offers(offers: Offers) -> dict[str, Schema]:
    """The suggestions of every kind, as definitions."""
    return {f"offered.{kind}": _suggestions(offered) for kind, offered in offers.by_kind.items()}


def _suggestions(offered: tuple[Offer, ...]) -> Schema:
    """Words that an editor proposes, each a branch of its own: a hover tells of the one that
    stands there, and not of all."""
    return {
        "anyOf": [
            {"const": offer.word, **({"description": offer.says} if offer.says else {})}
            for offer in offered
        ]
    }


def _any_text(takes: str) -> Schema:
    pattern = PATTERNS.get(takes)
    if pattern is None:
        return dict(ANY_SCALAR)
    if takes in ("id", "name", "relation"):  # `true` is an id, too
        return {**ANY_SCALAR, "pattern": pattern, **_told(takes)}
    types = ["string"]
    types += ["number"] if takes in _NUMBERS_TOO else []
    return {"type": types, "pattern": pattern, **_told(takes)}


def _told(takes: str) -> Schema:
    return {"patternErrorMessage": _TOLD[takes]}


def fixed_words(words: Mapping[str, str]) -> Schema:
    """One of some words, each with its meaning; an editor reads some as numbers or booleans."""
    if set(words) == {"true", "false"}:
        return dict(YES)
    if all(word.isdecimal() for word in words):
        numbers = {"enum": [int(word) for word in words]}
        return {"anyOf": [numbers, {"type": "string", "pattern": f"^(?:{'|'.join(words)})$"}]}
    return {"enum": list(words), "enumDescriptions": list(words.values())}
