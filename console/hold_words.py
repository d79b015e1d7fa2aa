"""Why matches are held, as a run and the journal say it."""

from collections.abc import Mapping

BELOW_ZERO = "their amount is below zero"
CLAIMED_TWICE = "they claim what another match has a better claim to"
AWARDED_BEFORE = "there is an award for it under an identifier that the subject had before"

PACKAGE_REASONS: Mapping[str, str] = {
    "lost received": "an award that the subject has excludes them",
    "lost requires": "the subject does not draw what they require",
    "lost highest": "another one of their group is higher",
    "lost instead": "what they exclude is worth more",
    "lost tie": "what they exclude is worth the same and comes first",
    "lost cap": "the cap of their group is used up",
    "held open": "what they exclude, or share a cap with, is not decided yet",
    "held cap-unsure": "what the cap of their group leaves is not known",
    "held large": "too many benefits depend on each other",
    "held unclear": "the files of their group contradict each other",
}
"""By decision and reason of a choice ([engine.package])."""
