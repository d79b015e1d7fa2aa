"""An explanation as a page: one file without scripts, to be read on a screen, aloud, or printed."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from console.answer_words import say_answer
from console.explanation_words import (
    WORDS,
    say_amount,
    say_corrections,
    say_deciding,
    say_reason,
)
from console.show_explanation import equals, which_value
from engine.explanation import Explanation


def build_page(told: Sequence[Explanation], languages: Sequence[str]) -> str:
    """The page of some explanations, each in the languages named (`zh`, `en`)."""
    return _template().render(
        explanations=told,
        languages=languages,
        words=WORDS,
        corrections=say_corrections,
        deciding=say_deciding,
        reason=say_reason,
        amount=say_amount,
        which=which_value,
        equals=equals,
        say_answer=say_answer,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return environment.get_template("explanation.html.j2")
