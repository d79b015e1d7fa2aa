"""The text of a new policy that implements a frame: what it must say, and what it may."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from language.document import document_value
from policies.frame import Frame
from policies.new_policy import Heading, quote, write_examples, write_head


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A part of a frame that its implementations say: `name` under `key`.

    `about` is what the frame says of it for people, `needed` that nothing can stand in for it.
    """

    key: str
    name: str
    about: str
    required: bool
    needed: bool


def gaps_of(frame: Frame) -> list[Gap]:
    """What a frame leaves to its implementations, those that must be said first."""
    gaps = []
    for (key, name), local in frame.locals.items():
        needed = key == "parameters" or (key == "benefit" and name != "amount")
        gaps.append(
            Gap(
                key=key,
                name=name,
                about=_about(frame, key, name, local.place[:-1]),
                required=local.required,
                needed=local.required and (needed or key in ("tables", "rows")),
            )
        )
    return sorted(gaps, key=lambda gap: not gap.required)


def _about(frame: Frame, key: str, name: str, place: tuple[str | int, ...]) -> str:
    """The part's label, what chooses among its values, and its bounds."""
    part = document_value(frame.written, place)
    if key == "benefit" or not isinstance(part, dict):
        return ""
    label = part.get("label") or part.get("says") or ""
    told = label.get("zh", "") if isinstance(label, dict) else str(label)
    if isinstance(part.get("by"), str):
        told += f"，按 by {part['by']}"
    local = part.get("local", {})
    for bound, sign in (("at_most", "≤"), ("at_least", "≥")):
        if bound in local:
            told += f"，{sign} {_shown(local[bound])}"
    return told.strip("，")


def _shown(bound: Any) -> str:
    if isinstance(bound, dict):
        return ", ".join(f"{key}: {value}" for key, value in bound.items())
    return str(bound)


def write_implementation(
    heading: Heading, frame: Frame, said: Mapping[str, str], schema: str
) -> str:
    """The file; `said` are the author's own words for parts by name, as YAML.

    Every gap that is needed must be among `said`.
    """
    gaps = gaps_of(frame)
    head = write_head(heading, schema, frame.id)
    lines = [*head, ""]
    for key in ("parameters", "facts", "tables", "rows", "clauses", "benefit"):
        mine = [gap for gap in gaps if gap.key == key]
        told = [line for gap in mine if gap.required for line in _said(gap, heading, frame, said)]
        may = [f"  # {gap.name}: 可另行规定 may be said otherwise {gap.about}".rstrip()
               for gap in mine if not gap.required]  # fmt: skip
        if told:
            lines += [f"{key}:", *told, *may, ""]
        elif may:
            lines += [f"# {key}:", *(f"#{line[3:]}" if line[3:] else "#" for line in may), ""]
    lines += write_examples(heading)
    return "\n".join(lines) + "\n"


def _said(gap: Gap, heading: Heading, frame: Frame, said: Mapping[str, str]) -> list[str]:
    text = said.get(gap.name, "")
    about = f"  # {gap.about}" if gap.about else ""
    office = quote(heading.authority)
    match gap.key:
        case "parameters":
            form = "rows" if text.startswith("{") else "value"
            return [f"  {gap.name}: {{{form}: {text}}}{about}"]
        case "facts" if text:
            return [f"  {gap.name}: {{is: {json.dumps(text, ensure_ascii=False)}}}{about}"]
        case "facts":
            kind = document_value(frame.written, ("facts", gap.name, "type"))
            typed = f"type: {kind}" if kind else "type: number"
            return [f"  {gap.name}: {{{typed}}}{about}  # 待写 is 或 from: say is or from"]
        case "clauses" if text:
            when = json.dumps(text, ensure_ascii=False)
            return [f"  - {{id: {gap.name}, says: {{zh: {gap.name}}}, when: {when}}}"]
        case "clauses":
            return [
                f"  # {gap.name}：待写 when；先由部门认定: say when, until then the office judges",
                f"  - {{id: {gap.name}, says: {{zh: 由部门认定}}, judged_by: {office}}}",
            ]
        case "benefit" if not text:
            return [f"  {gap.name}: [{{decided_by: {office}}}]  # 待写: say how much"]
    return [f"  {gap.name}: {text}{about}"]
