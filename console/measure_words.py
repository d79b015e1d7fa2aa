"""Facts counted from rows, in words: which rows, which span, what is counted of them."""

from engine.wording import Language
from profiles.measure import Measure

_COUNTED = {
    "count": ("{}的个数", "number of {}"),
    "sum": ("{}合计", "sum of {}"),
    "average": ("{}平均", "average of {}"),
    "min": ("最小的{}", "least {}"),
    "max": ("最大的{}", "greatest {}"),
    "any": ("有任一{}", "any {}"),
    "all": ("全部{}", "all {}"),
    "first": ("最早的{}", "first {}"),
    "last": ("最近的{}", "last {}"),
    "longest_run": ("最长连续（按{}）", "longest run by {}"),
    "current_run": ("至今连续（按{}）", "current run by {}"),
}
_SPANS = {
    "period": ("当期", "the period"),
    "last period": ("上一期", "the period before"),
    "same period last year": ("上年同期", "the same period last year"),
    "this year": ("当年", "this year"),
    "last year": ("上年", "last year"),
    "as_of": ("运行日", "the day of the run"),
    "period_start": ("所属期首日", "the first day of the period"),
    "period_end": ("所属期末日", "the last day of the period"),
}
_COUNT_WORDS = {"rows": ("记录", "rows"), "month": ("月", "month"), "year": ("年", "year")}


def say_measure(
    measure: Measure, function: str, rows: str, column: str, where: str, language: Language
) -> str:
    """A measure in one line; `rows` and `column` are labels, `where` is in words already."""
    zh = language == "zh"
    index = 0 if zh else 1
    told = column or _COUNT_WORDS.get(measure.column, (measure.column, measure.column))[index]
    parts = [f"{rows}{'：' if zh else ': '}{_COUNTED[function][index].format(told)}"]
    for word, day in (
        ("期间" if zh else "over", measure.over),
        ("截至" if zh else "on", measure.on),
    ):
        if day is not None:
            parts.append(f"{word} {_SPANS.get(day, (day, day))[index]}")
    if where:
        parts.append(f"{'限于' if zh else 'where'} {where}")
    if measure.match:
        parts.append(f"{'同一' if zh else 'the same'} {', '.join(measure.match)}")
    if measure.expect is not None:
        parts.append(f"{'须有' if zh else 'of'} {measure.expect} {'条' if zh else 'rows'}")
    return ("，" if zh else ", ").join(parts)
