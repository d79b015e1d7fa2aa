"""Names and addresses of firms in one form, and taken apart, for record linkage (关联).

A name is a place, a trade name (字号) with a line of trade, a legal form, and
for a branch what the parent calls it: 示范市 + 晨光商贸 + 有限公司 + 示范二区分公司.
"""

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from sys import intern

from profiles.region import region_words

TRADITIONAL_TABLE = Path(__file__).parent / "traditional.csv"
"""Traditional characters usual in names and addresses, with their simplified form."""

_CHINESE_NUMBERS = str.maketrans("零〇一二三四五六七八九", "00123456789")

FORMS = (
    ("股份", ("股份有限公司", "股份公司")),
    ("有限", ("有限责任公司", "有限公司")),
    ("合伙", ("合伙企业(有限合伙)", "合伙企业(普通合伙)", "合伙企业", "(有限合伙)", "(普通合伙)",
              "(普通合伙企业)", "(有限合伙企业)")),
    ("合作社", ("专业合作社", "合作社")),
    ("公司", ("公司",)),
)  # fmt: skip
"""Legal forms: one word for each, and the endings by which it is known, the longest first."""

_ENDINGS = sorted(
    ((ending, form) for form, endings in FORMS for ending in endings),
    key=lambda pair: -len(pair[0]),
)
_BRANCH = re.compile(r"(?<=.)(?:分公司|分店|分部|门市部|分厂|办事处|营业部)$")
_SPLIT_BRANCH = re.compile(
    r"(有限责任公司|股份有限公司|有限公司|公司|合作社|店|厂|房|部|行|室|馆)(?=.)"
)
_PARTNERSHIP = re.compile(r"\((?:普通|有限)合伙(?:企业)?\)$")
_BRACKETED = re.compile(r"\(([^()]{2,12})\)")
_SPACES = re.compile(r"[\s·•.,，。、'\"“”\-_]+")
_WRITTEN_NUMBER = re.compile(r"[零〇一二三四五六七八九](?=[栋幢座层楼单号])")
_TOKENS = re.compile(r"\d+|[A-Z]+")


@dataclass(frozen=True, slots=True)
class NameParts:
    """A normalised name taken apart; `branch` is what follows the parent's name, "" for none."""

    whole: str
    place: str
    core: str
    form: str
    branch: str


@dataclass(frozen=True, slots=True)
class AddressParts:
    """An address without its region: the street or park, the house number, and what follows."""

    street: str
    house: str
    rest: tuple[str, ...]


def normalise_text(text: str) -> str:
    """Full width to half width (NFKC), traditional to simplified, capitals, no spaces or dots."""
    folded = unicodedata.normalize("NFKC", text).translate(_simplify()).upper()
    for left, right in ("[(", "])", "〔(", "〕)", "【(", "】)"):
        folded = folded.replace(left, right)
    return _SPACES.sub("", folded)


def normalise_name(name: str) -> str:
    """A name in one form: as `normalise_text`, and one word for each legal form.

    有限责任公司 counts as 有限公司, 股份公司 as 股份有限公司, and a partnership's kind in brackets
    is left out. This is what exact matching compares.
    """
    text = normalise_text(name)
    text = text.replace("有限责任公司", "有限公司").replace("股份公司", "股份有限公司")
    return _PARTNERSHIP.sub("", text)


def split_name(name: str) -> NameParts:
    """Take a name apart; of a branch the core and form are the parent's."""
    text = normalise_text(name)
    places: list[str] = []
    rest = _strip_places(text, places)
    branch = ""
    if ending := _BRANCH.search(rest):
        # 晨光商贸有限公司 示范二区分公司: the branch's name begins behind the parent's form
        found = list(_SPLIT_BRANCH.finditer(rest[:-2]))
        cut = found[0].end() if found else ending.start()
        rest, branch = rest[:cut], rest[cut:]
    rest = _take_bracketed_place(rest, places)
    form = ""
    for words, known in _ENDINGS:
        if rest.endswith(words) and len(rest) > len(words):
            rest, form = rest.removesuffix(words), known
            break
    core = rest.replace("(", "").replace(")", "")
    return NameParts(
        whole=text, place=intern("".join(places)), core=core or text, form=form, branch=branch
    )


def split_address(address: str) -> AddressParts:
    """Take an address apart: 示范市样泉路12号3栋1502室 is 样泉路, 12 and (3, 1502)."""
    text = unicodedata.normalize("NFKC", address).translate(_simplify()).upper()
    text = re.sub(r"\s+", "", text)
    text = _WRITTEN_NUMBER.sub(lambda found: found.group().translate(_CHINESE_NUMBERS), text)
    rest = _strip_places(text, [])
    first = _TOKENS.search(rest)
    street = rest[: first.start()] if first else rest
    tokens = _TOKENS.findall(rest)
    return AddressParts(street=street, house=tokens[0] if tokens else "", rest=tuple(tokens[1:]))


@cache
def _simplify() -> dict[int, str]:
    with TRADITIONAL_TABLE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {ord(row["traditional"]): row["simplified"] for row in rows}


def _strip_places(text: str, places: list[str]) -> str:
    """The text without the regions it begins with, which are added to `places`."""
    words = region_words()
    while True:
        for word in words.get(text[:2], ()):
            if text.startswith(word) and len(text) > len(word):
                places.append(word)
                text = text[len(word) :]
                break
        else:
            return text.lstrip("省市区县") if places and len(text) > 2 else text


def _take_bracketed_place(text: str, places: list[str]) -> str:
    """晨光(示范)科技 without its place in brackets."""
    found = _BRACKETED.search(text)
    if found is None or found.group(1) not in region_words().get(found.group(1)[:2], ()):
        return text
    places.append(found.group(1))
    return text[: found.start()] + text[found.end() :]
