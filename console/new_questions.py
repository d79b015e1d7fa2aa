"""What `zhida new policy` asks, in its order; every question has an option of the same meaning."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import get_args

import typer

from console.questions import (
    Asking,
    Question,
    read_any,
    read_choice,
    read_day_text,
    read_id,
    read_region,
    read_text,
)
from console.suggesting import read_condition
from policies.frame import Frame
from policies.new_implementation import gaps_of
from policies.new_policy import NEEDS_AMOUNT, Heading, NewPolicy
from policies.period import Per
from policies.policy_file import BenefitFile, PolicyFile
from profiles.fact import Vocabulary

_AUDIENCES = get_args(PolicyFile.model_fields["audience"].annotation)
_LEVELS = get_args(PolicyFile.model_fields["level"].annotation)
_KINDS = get_args(BenefitFile.model_fields["kind"].annotation)


def ask_heading(
    ask: Asking, given: Mapping[str, str | None], frame: Frame | None, today: date
) -> Heading:
    """What every policy says of itself; a frame gives the title to begin with."""

    def answer(option: str, text: str, read: Callable[[str], str], default: str | None) -> str:
        question = Question(option=option, text=text, read=read, default=default)
        return ask.answer(question, given[option])

    titles = {} if frame is None else frame.document.value["title"]
    identity = answer("--id", "政策标识 id (a-z, 0-9, -)", read_id, None)
    title_zh = answer("--title-zh", "中文名称 title in Chinese", read_text, titles.get("zh"))
    title_en = answer("--title-en", "英文名称 title in English", read_any, titles.get("en", ""))
    authority = answer("--authority", "负责部门 authority", read_text, None)
    region = answer("--region", "适用地区，空为全国 region, empty for everywhere", read_region, "")
    level = answer(
        "--level",
        f"政策级别 level ({', '.join(_LEVELS)})",
        read_choice(*_LEVELS),
        _level(region),
    )
    document = answer("--document", "依据文件 document it rests on", read_text, None)
    number = answer("--number", "文号 its number", read_any, "")
    start = answer(
        "--from", "生效日 first day", read_day_text, None if ask.silent else today.isoformat()
    )
    return Heading(
        id=identity,
        title_zh=title_zh,
        title_en=title_en,
        authority=authority,
        level=level,
        region=region,
        document=document,
        number=number,
        effective_from=date.fromisoformat(start) if start else today,
    )


def _level(region: str) -> str:
    """The level of government that a region's code has."""
    if not region:
        return "national"
    if len(region) > 6:
        return "town" if len(region) == 9 else "village"
    return "province" if region.endswith("0000") else "city" if region.endswith("00") else "county"


def ask_policy(
    ask: Asking, given: Mapping[str, str | None], heading: Heading, words: Vocabulary
) -> NewPolicy:
    """What a policy of its own says besides."""

    def choose(option: str, text: str, allowed: Sequence[str], default: str | None) -> str:
        told = f"{text} ({', '.join(allowed)})"
        question = Question(option=option, text=told, read=read_choice(*allowed), default=default)
        return ask.answer(question, given[option])

    audience = choose("--audience", "惠及对象 whom it is for", _AUDIENCES, None)
    kind = choose("--kind", "待遇种类 what is given", _KINDS, "cash")
    per = choose("--per", "享受周期 one award for each", get_args(Per), "year")
    needed = kind in NEEDS_AMOUNT
    amount = Question(
        option="--amount",
        text="金额：数或表达式 amount: a number or an expression",
        read=read_text if needed else read_any,
        default=None if needed else "",
    )
    condition = Question(
        option="--when",
        text="首个条件，或用词查找事实；空为部门认定 first condition, or words that find facts",
        read=lambda text: read_condition(text, words, audience or "resident"),
        default="",
    )
    told_amount = ask.answer(amount, given["--amount"])
    when = ask.answer(condition, given["--when"])
    says = Question(option="--says", text="条件内容 what it says", read=read_any, default="")
    told = NewPolicy(
        heading=heading,
        audience=audience,
        kind=kind,
        per=per,
        amount=told_amount,
        condition=when,
        says=ask.answer(says, given["--says"]) if when else "",
    )
    ask.finish()
    return told


def ask_parts(ask: Asking, frame: Frame, say: Sequence[str]) -> dict[str, str]:
    """What the implementation says of each part that the frame leaves to it."""
    gaps = {gap.name: gap for gap in gaps_of(frame) if gap.required}
    said = {}
    for entry in say:
        name, sign, value = entry.partition("=")
        if not sign or name not in gaps:
            named = ", ".join(gaps) or "nothing"
            raise typer.BadParameter(f"--say {entry}: 母本留待规定的是 the frame leaves: {named}")
        said[name] = value
    for name, gap in gaps.items():
        question = Question(
            option=f"--say {name}=…",
            text=f"{name}（{gap.about or gap.key}）；表写成 a table as {{small: 60%, else: 30%}}",
            read=read_text if gap.needed else read_any,
            default=None if gap.needed else "",
        )
        said[name] = ask.answer(question, said.get(name))
    ask.finish()
    return said
