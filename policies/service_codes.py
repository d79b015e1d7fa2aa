"""The code lists of catalogue elements whose codes are fixed, each code in Chinese and English.

Elements whose codes every province sets for itself (办件类型, 办理形式, 事项状态 …) are texts.
"""

import difflib
import unicodedata
from collections.abc import Mapping

Codes = Mapping[str, tuple[str, str]]

TASK_TYPE: Codes = {
    "01": ("行政许可", "licence"),
    "02": ("行政处罚", "penalty"),
    "03": ("行政强制", "coercion"),
    "04": ("行政征收", "levy"),
    "05": ("行政给付", "administrative benefit"),
    "06": ("行政检查", "inspection"),
    "07": ("行政确认", "confirmation"),
    "08": ("行政奖励", "award"),
    "09": ("行政裁决", "adjudication"),
    "10": ("其他行政权力", "other power"),
    "20": ("公共服务", "public service"),
}
USE_LEVEL: Codes = {
    "1": ("国家级", "national"),
    "2": ("局（署、会）", "bureau of the state"),
    "3": ("省级", "province"),
    "4": ("市级", "city"),
    "5": ("县级", "county"),
    "6": ("镇（乡、街道）级", "town"),
    "7": ("村（社区）级", "village"),
}
SERVER_TYPE: Codes = {
    "1": ("自然人", "natural person"),
    "2": ("企业法人", "enterprise"),
    "3": ("事业法人", "public institution"),
    "4": ("社会组织法人", "social organisation"),
    "5": ("非法人企业", "enterprise without legal personality"),
    "6": ("行政机关", "government body"),
}
DELIVERY_CLASS: Codes = {
    "免申即享": ("免申即享", "nothing to do"),
    "即申即享": ("即申即享", "within 2 working days"),
    "即申快享": ("即申快享", "within 3 working days and 3 steps"),
    "承诺兑现": ("承诺兑现", "within 5 working days"),
    "快申快享": ("快申快享", "within 60 working days"),
}
LEVEL: Codes = {
    "national": ("国家级", "national"),
    "province": ("省级", "province"),
    "city": ("市级", "city"),
    "county": ("县级", "county"),
    "town": ("乡镇级", "town"),
    "village": ("村级", "village"),
}
TARGET: Codes = {
    "enterprise": ("企业", "enterprises"),
    "resident": ("居民", "residents"),
    "household": ("家庭", "households"),
}
KIND: Codes = {
    "cash": ("现金", "cash"),
    "relief": ("减免", "relief"),
    "deduction": ("扣除", "deduction"),
    "insurance": ("保险", "insurance"),
    "service": ("服务", "service"),
    "limit": ("额度", "limit"),
    "duration": ("期限", "duration"),
    "qualification": ("资格", "qualification"),
}
PER: Codes = {
    "year": ("每年", "yearly"),
    "half": ("每半年", "half-yearly"),
    "quarter": ("每季", "quarterly"),
    "month": ("每月", "monthly"),
    "once": ("一次性", "once"),
}
CODES: Mapping[str, Codes] = {
    "task_type": TASK_TYPE,
    "use_level": USE_LEVEL,
    "server_type": SERVER_TYPE,
    "delivery_class": DELIVERY_CLASS,
    "level": LEVEL,
    "target": TARGET,
    "kind": KIND,
    "per": PER,
}
"""The codes by the field that they stand in."""
LEVEL_CODES: Mapping[str, str] = {
    "national": "1",
    "province": "3",
    "city": "4",
    "county": "5",
    "town": "6",
    "village": "7",
}
"""行使层级 of each level of a policy."""


def find_code(field: str, text: str) -> str:
    """The code that a cell names by itself, by its Chinese name, or by both (`05 行政给付`).

    Raises ValueError with the codes there are.
    """
    codes = CODES[field]
    folded = unicodedata.normalize("NFKC", text).strip().casefold()
    for code, (zh, _) in codes.items():
        name = unicodedata.normalize("NFKC", zh).casefold()
        if folded in (code.casefold(), name, f"{code.casefold()} {name}"):
            return code
    close = difflib.get_close_matches(folded, codes, n=1, cutoff=0.5)
    hint = f' (did you mean "{close[0]}"?)' if close else ""
    known = ", ".join(code if code == zh else f"{code} {zh}" for code, (zh, _) in codes.items())
    raise ValueError(f'"{text}" is none of {known}{hint}')
