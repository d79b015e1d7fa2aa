"""The shapes of the sample city: round figures after public statistics, not anybody's records.

- Legal forms, first two characters of the credit code: GB 32100-2015.
- Industry classes: GB/T 4754-2017; the weights follow the order of the sections in the national
  economic censuses (wholesale and retail first, then services, manufacturing, construction).
- Size classes: 统计上大中小微型企业划分办法（2017）; the shares (77, 18, 4, 1 %) are chosen.
- Wages: ordered like the yearly national averages by section, in round figures.
- Ages, sexes and households: the shape of the Seventh National Population Census of 2020
  (0-14: 18 %, 60 and over: 19 %, 2.62 persons a household).
- Kinds of disability: the proportions of the Second National Sample Survey on Disability of 2006.
- Shares on lists, of layoffs and of late payers are chosen so that both sides of every threshold
  a policy draws are populated; they describe no real place.
"""

from dataclasses import dataclass

import numpy as np

CITY = 990100
PROVINCE_ELSEWHERE = 990200
DISTRICTS = ("示范一区", "示范二区", "示范三区", "示范四区", "示范五区", "示范六区")
DISTRICT_WEIGHTS = np.array([0.24, 0.21, 0.18, 0.15, 0.12, 0.10])

SIZES = ("micro", "small", "medium", "large")
STAFF_MEDIAN = np.array([3.0, 17.0, 95.0, 380.0])
STAFF_SPREAD = np.array([0.75, 0.55, 0.5, 0.6])
STAFF_LEAST = np.array([1.0, 5.0, 30.0, 150.0])
STAFF_MOST = np.array([12.0, 99.0, 450.0, 6000.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalForm:
    """One value of `ent_type`: `sizes` are the shares of micro, small, medium, large."""

    code: str
    weight: float
    credit_code: bytes
    name: str
    sections: str
    insures: float
    sizes: tuple[float, float, float, float] = (0.684, 0.244, 0.0574, 0.0146)
    files_vat: bool = True


FORMS = (
    LegalForm(
        code="enterprise", weight=0.56, credit_code=b"91", name="有限公司",
        sections="ACDEFGHIJKLMNOR", insures=0.88,
    ),
    LegalForm(
        code="branch", weight=0.04, credit_code=b"91", name="有限公司分公司",
        sections="EFGHIJKL", insures=0.7,
    ),
    LegalForm(
        code="individual_business", weight=0.30, credit_code=b"92", name="经营部",
        sections="ACFGHOR", insures=0.12, sizes=(0.97, 0.03, 0.0, 0.0),
    ),
    LegalForm(
        code="social_org", weight=0.015, credit_code=b"51", name="协会",
        sections="S", insures=0.5, files_vat=False,
    ),
    LegalForm(
        code="foundation", weight=0.001, credit_code=b"53", name="基金会",
        sections="S", insures=0.6, files_vat=False,
    ),
    LegalForm(
        code="social_service", weight=0.02, credit_code=b"52", name="服务中心",
        sections="PQ", insures=0.75, files_vat=False,
    ),
    LegalForm(
        code="law_firm", weight=0.006, credit_code=b"31", name="律师事务所",
        sections="律", insures=0.85,
    ),
    LegalForm(
        code="accounting_firm", weight=0.003, credit_code=b"91", name="会计师事务所",
        sections="会", insures=0.9,
    ),
    LegalForm(
        code="public_institution", weight=0.035, credit_code=b"12", name="事业单位",
        sections="公", insures=0.95, files_vat=False,
    ),
    LegalForm(
        code="coop", weight=0.02, credit_code=b"93", name="专业合作社",
        sections="A", insures=0.3,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One industry class; `group` is the section, or a sign of its own for a closed trade."""

    code: str
    group: str
    weight: float
    word: str
    wage_year: float
    revenue_per_head: float
    research: float = 0.0
    reviewed: float = 0.1


def _trades(
    group: str, word: str, wage: float, revenue: float, weights: dict[str, float],
    *, research: float = 0.0, reviewed: float = 0.1,
) -> tuple[Trade, ...]:  # fmt: skip
    return tuple(
        Trade(
            code=code, group=group, weight=weight, word=word, wage_year=wage,
            revenue_per_head=revenue, research=research, reviewed=reviewed,
        )
        for code, weight in weights.items()
    )  # fmt: skip


TRADES = (
    *_trades("A", "农业", 45_000, 160_000, {"A0111": 0.6, "A0141": 1.4, "A0313": 0.8}),
    *_trades(
        "C", "制造", 76_000, 650_000,
        {
            "C1331": 0.3, "C1495": 0.4, "C1819": 0.9, "C2110": 0.7, "C2319": 0.6, "C2669": 0.4,
            "C2710": 0.2, "C2929": 1.2, "C3311": 1.5, "C3484": 1.6, "C3512": 0.4, "C3525": 0.7,
            "C3670": 0.8, "C3821": 0.5, "C3841": 0.3, "C3973": 0.2, "C3989": 0.6, "C4011": 0.5,
        },
        research=0.32, reviewed=0.6,
    ),
    *_trades("D", "能源", 98_000, 1_100_000, {"D4416": 0.2, "D4610": 0.1}, reviewed=0.6),
    *_trades("E", "建筑工程", 63_000, 480_000,
             {"E4710": 1.4, "E4813": 0.8, "E4910": 1.0, "E5012": 1.8}, reviewed=0.3),
    *_trades("F", "商贸", 58_000, 900_000,
             {"F5111": 1.2, "F5131": 2.2, "F5165": 4.0, "F5179": 4.2, "F5211": 3.6, "F5212": 3.4,
              "F5261": 0.8, "F5273": 2.2, "F5292": 4.4}),
    *_trades("G", "物流", 70_000, 380_000, {"G5431": 2.6, "G5920": 0.3}),
    *_trades("H", "餐饮", 47_000, 170_000, {"H6110": 0.7, "H6210": 5.0, "H6220": 2.6},
             reviewed=0.2),
    *_trades("I", "软件科技", 125_000, 520_000, {"I6513": 3.0, "I6531": 1.8, "I6550": 0.5},
             research=0.38),
    *_trades("J", "保险代理", 115_000, 600_000, {"J6890": 0.3}),
    *_trades("K", "房产", 66_000, 450_000, {"K7010": 0.7, "K7020": 1.2, "K7030": 1.3}),
    *_trades("L", "商务服务", 64_000, 320_000,
             {"L7111": 0.5, "L7212": 1.2, "L7263": 1.5, "L7299": 5.0}),
    *_trades("M", "技术服务", 96_000, 420_000, {"M7320": 1.2, "M7484": 0.9, "M7519": 2.6},
             research=0.22),
    *_trades("N", "环卫", 49_000, 200_000, {"N7820": 0.5}, reviewed=0.4),
    *_trades("O", "生活服务", 47_000, 150_000, {"O8010": 0.9, "O8040": 2.4, "O8111": 1.9}),
    *_trades("P", "教育", 61_000, 140_000, {"P8310": 3.0, "P8391": 1.5}),
    *_trades("Q", "健康", 73_000, 260_000, {"Q8411": 0.2, "Q8425": 1.2}, reviewed=0.3),
    *_trades("R", "文体", 54_000, 180_000, {"R8810": 0.6, "R8930": 0.8}),
    *_trades("S", "行业", 60_000, 120_000, {"S9521": 1.0}),
    *_trades("律", "", 105_000, 400_000, {"L7231": 1.0}),
    *_trades("会", "", 88_000, 330_000, {"L7241": 1.0}),
    *_trades("公", "公共", 92_000, 150_000, {"P8321": 2.0, "Q8431": 0.6, "N7820": 0.5}),
)  # fmt: skip

DISPATCH_CODE = "L7263"

HEAD_AGE_BOUNDS = np.array([21.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 96.0])
HEAD_AGE_WEIGHTS = np.array([0.10, 0.225, 0.205, 0.225, 0.145, 0.075, 0.025])
PERSONS_PER_HOUSEHOLD = 2.56
"""Living persons in a household of the generator on the epoch day (checked by a test)."""

DISABILITY_AGES = np.array([0.0, 15.0, 40.0, 60.0, 70.0, 80.0, 100.0])
DISABILITY_SHARES = np.array([0.009, 0.020, 0.044, 0.088, 0.155, 0.25, 0.40])
DISABILITY_TYPES = (
    "visual", "hearing", "speech", "physical", "intellectual", "mental", "multiple",
)  # fmt: skip
DISABILITY_TYPE_WEIGHTS = np.array([14.86, 24.16, 1.53, 29.07, 6.68, 7.40, 16.30])
DISABILITY_LEVEL_WEIGHTS = np.array([0.14, 0.16, 0.25, 0.45])

DEGREES = ("associate", "bachelor", "master", "phd", "phd_overseas")
DEGREE_WEIGHTS = np.array([0.46, 0.42, 0.10, 0.013, 0.007])
DEGREE_AGES = np.array([21, 22, 25, 29, 29])
DEGREE_BIRTH_YEARS = np.array([1940.0, 1965.0, 1975.0, 1985.0, 1995.0, 2003.0])
DEGREE_SHARES = np.array([0.02, 0.06, 0.15, 0.34, 0.52, 0.60])
