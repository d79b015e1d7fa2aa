"""A register of firms with names as people give them, to try record linkage on.

The sample city numbers its firms, so that no name can be taken for a real one; but numbered names
are told apart by their number alone. Here trade names are drawn from a short list of syllables, so
that many firms share one, as in any city. What shows that nobody is meant: the city 示范市 of the
unassigned region 9901xx, streets that begin with 样, 例 or 试, and given names that begin with 示,
样 or 例.

About a fifth of the firms are made to look like another: its branch (branch), a firm of the same
owner under the same trade name (sister), the firm that took over its business, name and place after
it was deregistered (successor), and a firm of the same name in another district (twin).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from profiles.sample_city.columns import codes
from profiles.sample_city.draw import Ints, happens, pick, uniform, whole
from profiles.sample_city.identity_number import credit_codes
from profiles.sample_city.shape import CITY, DISTRICTS

SHORT = "示范"
CITY_NAME = f"{SHORT}市"

SYLLABLES = tuple(
    "晨华瑞盛鑫诚达恒宇泰兴源佳隆丰明安德利荣祥海天永宏凯博远卓创智联信通捷飞腾龙凤金银玉宝"
    "福禄寿康健乐美雅丽清芳春夏秋冬东南西北中和平顺昌茂旺发富贵广大正光辉星月云风雨雪山川江河湖"
    "松柏竹梅兰菊莲桂枫桐元亨贞吉庆嘉益众合同仁义礼贤良方圆易简聚汇"
)
"""Syllables of trade names."""

INDUSTRIES = (
    "商贸", "贸易", "科技", "信息技术", "网络科技", "电子商务", "建筑工程", "建设工程",
    "装饰工程", "机电设备", "机械制造", "餐饮管理", "物流", "货物运输", "文化传媒", "广告传媒",
    "教育咨询", "企业管理咨询", "财务咨询", "农业开发", "食品", "医药", "医疗器械", "生物科技",
    "新材料", "新能源", "环保科技", "房地产经纪", "物业管理", "人力资源服务", "家政服务", "服饰",
    "纺织", "家具", "五金制品", "塑料制品", "包装材料", "印务", "汽车服务", "汽车销售", "电器",
    "电子", "软件开发", "数据服务", "自动化设备", "模具", "化工", "钢材", "建材", "园林绿化",
    "酒店管理", "旅行社", "体育文化", "健康管理",
)  # fmt: skip
SHOPS = (
    "超市", "便利店", "药房", "服装店", "面馆", "五金店", "水果店", "美发店", "汽修厂", "小吃店",
    "建材经营部", "食品经营部", "日用品商行", "茶叶商行", "烟酒商行", "设计工作室", "摄影工作室",
)  # fmt: skip
COMPANY_FORMS = (
    "有限公司",
    "有限责任公司",
    "股份有限公司",
    "合伙企业（有限合伙）",
    "事务所（普通合伙）",
)
_FORM_WEIGHTS = np.array([0.80, 0.11, 0.03, 0.04, 0.02])
_SHOP_SHARE = 0.32

SURNAMES = tuple("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡")
GIVEN_FIRST = tuple("示样例")
GIVEN_SECOND = tuple("明芳伟娜强静军丽勇艳杰涛超霞平刚桂英华玉建文辉力斌波宁鹏飞")

_STREET_FIRST = tuple("样例试")
_STREET_SECOND = tuple("泉湖桥溪林园塘田岭港渡井台坊亭荷柳杏桃枣")
_STREET_LAST = ("路", "街", "大道", "巷")
STREETS = tuple(
    first + second + last
    for first in _STREET_FIRST
    for second in _STREET_SECOND
    for last in _STREET_LAST
)
PARKS = ("示范科技园", "样例产业园", "试点创业园", "示范软件园", "样例物流园", "例湖商务中心")

KINDS = ("plain", "branch", "sister", "successor", "twin")
_KIND_WEIGHTS = np.array([0.75, 0.06, 0.08, 0.04, 0.07])


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a firm's name and address are made of, by place in the lists above."""

    parent: Ints
    kind: Ints
    trade: Ints  # first, second and (or -1) third syllable
    shop: Ints  # place in SHOPS, -1 for a company
    industry: Ints
    form: Ints
    district: Ints
    name_district: Ints  # the district that stands in its name, if one does
    named_after: Ints  # 0 city, 1 city and district, 2 district, 3 city in brackets, 4 no place
    person: Ints
    address: Ints  # whose address it has: the firm's own place, or its parent's


def draw_traits(seed: int, index: Ints, *, about: str = "named") -> Traits:
    """The traits of the firms with these numbers; of the same number always the same."""
    kind, parent = _draw_kinds(seed, about, index)
    own, of_parent = _draw_plain(seed, about, index), _draw_plain(seed, about, parent)
    branch, sister, successor, twin = (kind == number for number in (1, 2, 3, 4))
    same_place = successor | (sister & happens(seed, f"{about}/same place", index, 0.4))
    same_person = (
        successor
        | (sister & happens(seed, f"{about}/same owner", index, 0.7))
        | (branch & happens(seed, f"{about}/same manager", index, 0.2))
    )
    # the successor of a shop is a company; that of a company has another form or a near trade
    turned = successor & (of_parent.shop >= 0)
    near = successor & ~turned & happens(seed, f"{about}/near trade", index, 0.5)
    other_form = successor & ~turned & ~near
    elsewhere = (of_parent.district + 1) % len(DISTRICTS)
    district = np.select(
        [same_place, twin & (own.district == of_parent.district)],
        [of_parent.district, elsewhere],
        own.district,
    )
    return Traits(
        parent=parent,
        kind=kind,
        trade=np.where((kind > 0)[:, None], of_parent.trade, own.trade),
        shop=np.select([sister | (kind == 0), turned], [own.shop, -1], of_parent.shop),
        industry=np.where(branch | twin | other_form, of_parent.industry, own.industry),
        form=np.select(
            [branch | twin | near, other_form],
            [of_parent.form, (of_parent.form + 1) % 2],
            own.form,
        ),
        district=district,
        name_district=np.where(branch, of_parent.district, district),
        named_after=np.select(
            [twin & (own.named_after != 1), branch],
            [2, of_parent.named_after],
            own.named_after,
        ),
        person=np.where(same_person, of_parent.person, own.person),
        address=np.where(same_place, parent, index),
    )


def _draw_kinds(seed: int, about: str, index: Ints) -> tuple[Ints, Ints]:
    """What each firm is, and whom it looks like: a plain firm a little before it, or itself."""
    parent = np.maximum(index - 1 - whole(seed, f"{about}/parent", index, 40), 0)
    drawn, of_parent = (
        np.where(number > 0, pick(seed, f"{about}/kind", number, _KIND_WEIGHTS), 0)
        for number in (index, parent)
    )
    kind = np.where(of_parent == 0, drawn, 0)
    return kind, np.where(kind > 0, parent, index)


def _draw_plain(seed: int, about: str, index: Ints) -> Traits:
    size = len(SYLLABLES)
    # skewed, so that some syllables are in many more names than others
    trade = np.stack(
        [
            (size * uniform(seed, f"{about}/trade", index, part) ** 1.5).astype(np.int64)
            for part in range(3)
        ],
        axis=1,
    )
    trade[:, 2] = np.where(happens(seed, f"{about}/three", index, 0.2), trade[:, 2], -1)
    shop = whole(seed, f"{about}/shop", index, len(SHOPS))
    district = whole(seed, f"{about}/district", index, len(DISTRICTS))
    return Traits(
        parent=index,
        kind=np.zeros_like(index),
        trade=trade,
        shop=np.where(happens(seed, f"{about}/is shop", index, _SHOP_SHARE), shop, -1),
        industry=whole(seed, f"{about}/industry", index, len(INDUSTRIES)),
        form=pick(seed, f"{about}/form", index, _FORM_WEIGHTS),
        district=district,
        name_district=district,
        named_after=pick(
            seed, f"{about}/place name", index, np.array([0.5, 0.2, 0.15, 0.08, 0.07])
        ),
        person=whole(
            seed,
            f"{about}/person",
            index,
            len(SURNAMES) * len(GIVEN_FIRST) * len(GIVEN_SECOND),
        ),
        address=index,
    )


def write_names(traits: Traits) -> list[str]:
    """Registered names."""
    names = []
    for trade, shop, industry, form, district, named, after, kind in zip(
        traits.trade.tolist(), traits.shop.tolist(), traits.industry.tolist(),
        traits.form.tolist(), traits.district.tolist(), traits.name_district.tolist(),
        traits.named_after.tolist(), traits.kind.tolist(), strict=True,
    ):  # fmt: skip
        word = "".join(SYLLABLES[place] for place in trade if place >= 0)
        tail = SHOPS[shop] if shop >= 0 else INDUSTRIES[industry] + COMPANY_FORMS[form]
        quarter = DISTRICTS[named]
        name = {
            0: CITY_NAME + word + tail,
            1: CITY_NAME + quarter + word + tail,
            2: quarter + word + tail,
            3: f"{word}（{SHORT}）{tail}",
            4: word + tail,
        }[after]
        if KINDS[kind] == "branch":
            name += DISTRICTS[district] + ("分公司" if shop < 0 else "分店")
        names.append(name)
    return names


def write_addresses(seed: int, place: Ints, district: Ints, *, about: str = "named") -> list[str]:
    """Addresses of firms by number: a street with a house, or a park, and mostly a room."""
    street = whole(seed, f"{about}/street", place, len(STREETS)).tolist()
    house = 1 + (400 * uniform(seed, f"{about}/house", place) ** 2).astype(np.int64)
    park = whole(seed, f"{about}/park", place, 60).tolist()  # one in ten sits in a park
    form = pick(seed, f"{about}/address form", place, np.array([0.3, 0.25, 0.25, 0.2])).tolist()
    block = (1 + whole(seed, f"{about}/block", place, 20)).tolist()
    unit = (1 + whole(seed, f"{about}/unit", place, 4)).tolist()
    floor = 1 + whole(seed, f"{about}/floor", place, 22)
    room = (floor * 100 + 1 + whole(seed, f"{about}/room", place, 12)).tolist()
    written = []
    for number, quarter in enumerate(district.tolist()):
        text = f"{CITY_NAME}{DISTRICTS[quarter]}"
        if park[number] < len(PARKS):
            tower = "ABCDEFGH"[block[number] % 8]
            written.append(f"{text}{PARKS[park[number]]}{tower}座{room[number]}室")
            continue
        text += f"{STREETS[street[number]]}{house[number]}号"
        text += {
            0: "",
            1: f"{block[number]}栋{room[number]}室",
            2: f"{block[number]}栋{unit[number]}单元{room[number]}室",
            3: f"{room[number]}室",
        }[form[number]]
        written.append(text)
    return written


def write_persons(person: Ints) -> list[str]:
    """Names of persons by number."""
    seconds, firsts = len(GIVEN_SECOND), len(GIVEN_FIRST)
    return [
        SURNAMES[number // (seconds * firsts)]
        + GIVEN_FIRST[number // seconds % firsts]
        + GIVEN_SECOND[number % seconds]
        for number in person.tolist()
    ]


def register_named_firms(seed: int, firms: int) -> pl.DataFrame:
    """The register: `uscc`, `name`, `address`, `legal_representative`, `region`, `closed`, `kind`.

    `closed` is true of firms that a successor took over; `kind` is one of `KINDS`.
    """
    index = np.arange(firms, dtype=np.int64)
    traits = draw_traits(seed, index)
    closed = np.zeros(firms, dtype=np.bool_)
    closed[traits.parent[traits.kind == KINDS.index("successor")]] = True
    kind = np.where(traits.shop >= 0, b"92", b"91")
    return pl.DataFrame(
        {
            "uscc": credit_codes(kind, CITY + 1 + traits.district, index),
            "name": write_names(traits),
            "address": write_addresses(seed, traits.address, traits.district),
            "legal_representative": write_persons(traits.person),
            "region": pl.Series(CITY + 1 + traits.district).cast(pl.String),
            "closed": closed,
            "kind": codes(KINDS, traits.kind),
        }
    )
