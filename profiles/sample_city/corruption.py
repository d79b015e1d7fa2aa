"""Rows as other departments write them: without a key, with a firm's name as somebody typed it.

What is done to a row was fixed before there was a model to link them, and is not changed to suit
it. `docs/linkage.md` lists it. Of ten rows, eight are about a firm of the register, one is about a
firm of another city (half of these under the name of a firm here) and one about a firm of this city
that is not registered (half of these under the trade name of one that is).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from profiles.sample_city.named_firms import (
    SHORT,
    STREETS,
    draw_traits,
    register_named_firms,
    write_addresses,
    write_names,
    write_persons,
)
from profiles.sample_city.shape import CITY, DISTRICTS, PROVINCE_ELSEWHERE

REGISTERED, ELSEWHERE, UNREGISTERED = "registered", "elsewhere", "unregistered"
ROW_KINDS = (REGISTERED, ELSEWHERE, UNREGISTERED)
_KIND_WEIGHTS = (0.8, 0.1, 0.1)
_OTHER_SHORT = "样板"
_CITIES = (f"{SHORT}市", f"{_OTHER_SHORT}市")

SHARES = {
    "form": 0.25,
    "brackets": 0.5,
    "place": 0.25,
    "shortened": 0.12,
    "typo": 0.15,
    "second typo": 0.03,
    "spaced": 0.05,
    "traditional": 0.04,
    "no address": 0.12,
    "moved": 0.08,
    "address form": 0.5,
    "address place": 0.4,
    "no room": 0.1,
    "address typo": 0.08,
    "no representative": 0.15,
    "other representative": 0.06,
    "representative typo": 0.04,
    "no region": 0.2,
}
"""What is done to a row, with the share of rows (where it can be done) to which it is."""

ALIKE = {
    "晨": "辰陈", "华": "花化", "瑞": "锐睿", "盛": "胜圣", "鑫": "新欣", "诚": "城成", "达": "大",
    "恒": "衡横", "宇": "羽于", "泰": "太秦", "兴": "新", "源": "原元", "佳": "嘉家", "隆": "龙",
    "丰": "峰锋", "明": "名铭", "安": "按", "德": "得", "利": "力立", "荣": "容", "祥": "翔",
    "海": "每", "天": "夫", "永": "泳", "宏": "红洪", "凯": "开", "博": "搏", "远": "元园",
    "卓": "桌", "智": "志", "联": "连", "信": "兴", "通": "同", "捷": "杰", "飞": "非", "腾": "藤",
    "金": "全", "玉": "王", "宝": "保", "福": "富", "禄": "录", "康": "唐", "美": "羊", "雅": "亚",
    "丽": "力", "清": "青", "顺": "川", "昌": "冒", "茂": "贸", "发": "友", "广": "厂", "大": "太",
    "正": "止", "光": "广", "辉": "晖", "星": "心", "云": "去", "江": "汀", "湖": "胡", "嘉": "佳",
    "科": "料", "技": "枝", "贸": "货", "电": "由", "食": "良", "饮": "饭", "建": "健", "工": "王",
    "程": "城", "材": "才", "物": "务", "流": "留", "管": "官", "理": "里", "路": "露", "街": "衔",
    "道": "到", "园": "圆", "桥": "侨", "泉": "全", "溪": "西", "塘": "糖", "芳": "方", "伟": "纬",
    "强": "墙", "军": "均", "勇": "永", "涛": "滔", "平": "苹", "英": "瑛", "王": "汪", "李": "季",
    "张": "章", "陈": "阵", "杨": "扬", "黄": "皇", "周": "洲", "徐": "许",
}  # fmt: skip
"""Characters that are taken for each other, by sound or by shape."""

TRADITIONAL = {
    "华": "華", "丰": "豐", "达": "達", "兴": "興", "东": "東", "龙": "龍", "贸": "貿", "电": "電",
    "车": "車", "业": "業", "设": "設", "医": "醫", "药": "藥", "农": "農", "网": "網", "络": "絡",
    "云": "雲", "广": "廣", "张": "張", "陈": "陳", "刘": "劉", "赵": "趙", "黄": "黃", "吴": "吳",
    "孙": "孫", "区": "區", "号": "號", "栋": "棟", "诚": "誠", "荣": "榮", "凤": "鳳", "飞": "飛",
    "腾": "騰", "联": "聯", "宝": "寶", "寿": "壽", "乐": "樂", "丽": "麗", "顺": "順", "发": "發",
    "辉": "輝", "风": "風", "贤": "賢", "圆": "圓", "汇": "匯", "饮": "飲", "筑": "築", "机": "機",
    "务": "務", "财": "財", "传": "傳", "体": "體", "责": "責", "样": "樣", "试": "試", "园": "園",
    "桥": "橋", "单": "單", "伟": "偉", "强": "強", "军": "軍", "涛": "濤", "纺": "紡", "织": "織",
    "产": "產", "经": "經", "纪": "紀", "资": "資", "询": "詢", "环": "環", "银": "銀",
}  # fmt: skip
"""Simplified characters of names and addresses with their traditional form."""

SHORTENED = {
    "信息技术": "信息", "网络科技": "网络", "电子商务": "电商", "建筑工程": "建筑",
    "建设工程": "建工", "装饰工程": "装饰", "机电设备": "机电", "机械制造": "机械",
    "餐饮管理": "餐饮", "货物运输": "货运", "文化传媒": "传媒", "广告传媒": "广告",
    "教育咨询": "教育", "企业管理咨询": "企管", "财务咨询": "财务", "农业开发": "农业",
    "生物科技": "生物", "环保科技": "环保", "房地产经纪": "房产", "物业管理": "物业",
    "人力资源服务": "人力", "家政服务": "家政", "五金制品": "五金", "塑料制品": "塑料",
    "包装材料": "包装", "汽车服务": "汽服", "汽车销售": "汽车", "软件开发": "软件",
    "数据服务": "数据", "自动化设备": "自动化", "园林绿化": "园林", "酒店管理": "酒店",
    "体育文化": "体育", "健康管理": "健康", "建材经营部": "建材店", "食品经营部": "食品店",
    "日用品商行": "商行", "茶叶商行": "茶行", "烟酒商行": "烟酒店", "设计工作室": "工作室",
    "摄影工作室": "摄影室",
}  # fmt: skip
"""Words of a trade with the form in which people shorten them."""

_FORMS = {
    "股份有限公司": ("股份公司", "有限公司"),
    "有限责任公司": ("有限公司", "公司", ""),
    "有限公司": ("有限责任公司", "公司", ""),
    "合伙企业（有限合伙）": ("合伙企业", "（有限合伙）"),
    "事务所（普通合伙）": ("事务所", "事务所（普通合伙企业）"),
}
_CHINESE_DIGITS = "零一二三四五六七八九十"

_Change = tuple[str, Callable[[str, random.Random], str]]


@dataclass(slots=True)
class Fields:
    """A row as it is being written, and what was done to it so far."""

    name: str
    address: str | None
    representative: str | None
    region: str | None
    done: list[str] = field(default_factory=list)


def write_unkeyed_rows(seed: int, firms: int, rows: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A register of named firms and rows without a key that another department wrote about them.

    Rows have `name`, `address`, `representative`, `region`, and for the test alone: `truth` (the
    credit code of the firm meant, null where it is not registered), `kind` (of `ROW_KINDS`) and
    `done` (what was done to it, by the names in `SHARES`).
    """
    register = register_named_firms(seed, firms)
    written = _write_originals(seed, register, rows)
    drawn = []
    for number, original in enumerate(written.iter_rows(named=True)):
        dice = random.Random(f"{seed}/row/{number}")
        row = Fields(
            name=original["name"],
            address=original["address"],
            representative=original["representative"],
            region=original["region"],
        )
        corrupt_row(row, dice, moved_to=original["moved_to"], instead=original["instead"])
        drawn.append((row.name, row.address, row.representative, row.region, "; ".join(row.done)))
    schema = ("name", "address", "representative", "region", "done")
    frame = pl.DataFrame(drawn, schema=dict.fromkeys(schema, pl.String()), orient="row")
    return register, frame.with_columns(written["truth"], written["kind"])


def corrupt_row(row: Fields, dice: random.Random, *, moved_to: str, instead: str) -> None:
    """Do to a row what the dice say; `moved_to` is another address, `instead` another person."""
    for what, change in _NAME_CHANGES:
        _try(row, dice, what, "name", change)
    if dice.random() < SHARES["moved"]:
        row.address = moved_to
        row.done.append("moved")
    if dice.random() < SHARES["other representative"]:
        row.representative = instead
        row.done.append("other representative")
    for what, change in _ADDRESS_CHANGES:
        _try(row, dice, what, "address", change)
    _try(row, dice, "representative typo", "representative", _wrong_character)
    if dice.random() < SHARES["traditional"]:
        row.done.append("traditional")
        for field in ("name", "address", "representative"):
            setattr(row, field, _to_traditional(getattr(row, field)))
    for field in ("address", "representative", "region"):
        if dice.random() < SHARES[f"no {field}"]:
            setattr(row, field, None)
            row.done.append(f"no {field}")


def _try(
    row: Fields,
    dice: random.Random,
    what: str,
    field: str,
    change: Callable[[str, random.Random], str],
) -> None:
    """Change a field of the row with the chance of `what`, and note it where anything changed."""
    before = getattr(row, field)
    if dice.random() >= SHARES[what]:
        return
    after = change(before, dice)
    if after and after != before:
        setattr(row, field, after)
        row.done.append(what)


def _write_originals(seed: int, register: pl.DataFrame, rows: int) -> pl.DataFrame:
    """What the rows would be if nothing happened to them, and what may come in its place."""
    dice = random.Random(f"{seed}/rows")
    kinds = dice.choices(ROW_KINDS, _KIND_WEIGHTS, k=rows)
    firms = np.array([dice.randrange(register.height) for _ in range(rows)], dtype=np.int64)
    keeps_name = np.array([dice.random() < 0.5 for _ in range(rows)])
    number = np.arange(rows, dtype=np.int64)
    # the firms that are not in the register, numbered from where it ends
    others = draw_traits(seed, register.height + number, about="other")
    model = draw_traits(seed, firms)
    elsewhere = np.array([kind == ELSEWHERE for kind in kinds])
    borrowed = np.where(keeps_name[:, None], model.trade, others.trade)
    for place in ("shop", "industry", "form"):
        # abroad the whole name is the same, here the trade name alone
        whole = keeps_name & elsewhere
        getattr(others, place)[:] = np.where(whole, getattr(model, place), getattr(others, place))
    others.trade[:] = borrowed
    others.kind[:] = 0
    here_names = write_names(others)
    here = write_addresses(seed, number, others.district, about="other")
    there_names, there = (
        [text.replace(SHORT, _OTHER_SHORT) for text in texts] for texts in (here_names, here)
    )
    persons = write_persons(others.person)
    meant = register[firms]
    frame = []
    for at, kind in enumerate(kinds):
        away = kind == ELSEWHERE
        base = {
            "kind": kind,
            "moved_to": there[at] if away else here[at],
            "instead": persons[at],
            "truth": None,
        }
        if kind == REGISTERED:
            firm = meant.row(at, named=True)
            row = {
                "name": firm["name"],
                "address": firm["address"],
                "representative": firm["legal_representative"],
                "region": firm["region"],
                "truth": firm["uscc"],
            }
        else:
            region = (PROVINCE_ELSEWHERE if away else CITY) + 1 + int(others.district[at])
            row = {
                "name": there_names[at] if away else here_names[at],
                "address": there[at] if away else here[at],
                "representative": persons[at],
                "region": str(region),
            }
        frame.append(base | row)
    return pl.DataFrame(frame, infer_schema_length=None).with_columns(
        pl.col("truth").cast(pl.String)
    )


def _change_form(name: str, dice: random.Random) -> str:
    for form, others in _FORMS.items():
        if form in name:
            return name.replace(form, dice.choice(others))
    return name


def _narrow_brackets(name: str, dice: random.Random) -> str:
    return name.replace("（", "(").replace("）", ")")


def _leave_out_place(name: str, dice: random.Random) -> str:
    """省, 市 and 区 are left out, or the whole place that a name begins with."""
    for city in _CITIES:
        if name.startswith(city):
            rest = name.removeprefix(city)
            return dice.choice((rest, city[:-1] + rest))
        for number in DISTRICTS:
            district = number.replace(SHORT, city[:-1])
            if name.startswith(district):
                rest = name.removeprefix(district)
                return dice.choice(("", district[:-1], city + district)) + rest
    return name


def _shorten_trade(name: str, dice: random.Random) -> str:
    for word, short in SHORTENED.items():
        if word in name:
            return name.replace(word, short)
    return name


def _mistype(text: str, dice: random.Random) -> str:
    """One slip: a character that sounds or looks like it, a missing, doubled or swapped one."""
    slip = dice.choices(("wrong", "missing", "doubled", "swapped"), (0.5, 0.2, 0.15, 0.15))[0]
    if slip == "wrong":
        return _wrong_character(text, dice)
    if len(text) < 2:
        return text
    place = dice.randrange(len(text) - 1)
    if slip == "missing":
        return text[:place] + text[place + 1 :]
    if slip == "doubled":
        return text[: place + 1] + text[place:]
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _wrong_character(text: str, dice: random.Random) -> str:
    places = [place for place, sign in enumerate(text) if sign in ALIKE]
    if not places:
        return text
    place = dice.choice(places)
    return text[:place] + dice.choice(ALIKE[text[place]]) + text[place + 1 :]


def _put_spaces(name: str, dice: random.Random) -> str:
    place = dice.randrange(len(name))
    return name[:place] + dice.choice((" ", "　", "  ")) + name[place:]


def _to_traditional(text: str) -> str:
    return "".join(TRADITIONAL.get(sign, sign) for sign in text)


def _leave_out_address_place(address: str, dice: random.Random) -> str:
    for city in _CITIES:
        if address.startswith(city):
            rest = address.removeprefix(city)
            street = rest[len(DISTRICTS[0]) :]
            return dice.choice((rest, city + street, street))
    return address


def _leave_out_room(address: str, dice: random.Random) -> str:
    head, mark, _ = address.partition("号")
    return head + mark if mark else address


def _rewrite_address(address: str, dice: random.Random) -> str:
    """The same place written otherwise: 3栋2单元1502室 as 3-2-1502, 3幢, 三栋 or 3号楼."""
    style = dice.choice(("dashes", "otherwise", "chinese", "full width", "no endings"))
    if style == "dashes":
        for mark in ("栋", "单元", "座"):
            address = address.replace(mark, "-")
        return address.removesuffix("室")
    if style == "otherwise":
        return address.replace("栋", dice.choice(("幢", "号楼"))).replace(
            "号", dice.choice(("号", "#"))
        )
    if style == "chinese":
        for digit in range(1, 10):
            address = address.replace(f"号{digit}栋", f"号{_CHINESE_DIGITS[digit]}栋")
        return address
    if style == "full width":
        return "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in address)
    return address.removesuffix("室").removesuffix("号")


def _mistype_street(address: str, dice: random.Random) -> str:
    for street in STREETS:
        if street in address:
            return address.replace(street, _mistype(street, dice), 1)
    return address


_NAME_CHANGES: tuple[_Change, ...] = (
    ("form", _change_form),
    ("brackets", _narrow_brackets),
    ("shortened", _shorten_trade),
    ("place", _leave_out_place),
    ("typo", _mistype),
    ("second typo", _mistype),
    ("spaced", _put_spaces),
)
_ADDRESS_CHANGES: tuple[_Change, ...] = (
    ("address typo", _mistype_street),
    ("no room", _leave_out_room),
    ("address form", _rewrite_address),
    ("address place", _leave_out_address_place),
)
