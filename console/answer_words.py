"""A value that somebody answered or corrected, in words: how, where, and for which days."""

from engine.wording import Language
from profiles.answers import Answer

_ROLES = {
    "declared": ("自行申报", "declared by the subject itself"),
    "corrected": ("自行更正", "corrected by the subject itself"),
}


def say_answer(answer: Answer, language: Language) -> str:
    """The answer's role, its source and its first and last day."""
    zh, en = _ROLES[answer.role]
    if language == "zh":
        return f"{zh}（{answer.source}，{answer.given_on} 至 {answer.expires_on}）"
    return f"{en} ({answer.source}, {answer.given_on} to {answer.expires_on})"
