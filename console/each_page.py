"""The rows of a policy on its page: what each of them needs, gets, shares and uses up."""

from console.page import Entry, Grid, Outline, Section
from console.policy_words import PolicyWords
from policies.policy import Each, Policy


def build_rows(policy: Policy, words: PolicyWords) -> list[Section]:
    """The section of a policy's `each`; none where it has none."""
    if policy.each is None:
        return []
    said, each = words.words, policy.each
    name = words.row_set_label(each.row_set)
    entries = words.clause_entries(each.clauses, {})
    blocks: list[Grid | Outline] = [Outline(entries=tuple(entries))] if entries else []
    facts = [fact for fact in each.facts if "::" not in fact.name]
    if facts:
        blocks.append(_titled(said["facts of rows"]))
        blocks.append(
            Outline(
                entries=tuple(
                    Entry(depth=1, text=words.label(f.name), notes=(words.fact_line(f),))
                    for f in facts
                )
            )
        )
    if each.limits or each.claim is not None:
        blocks.append(_titled(said["limits"]))
        blocks.append(Outline(entries=tuple(_limits(each, words))))
    if each.steps:
        blocks.append(_titled(said["amount of rows"]))
        blocks.append(
            Outline(entries=tuple(words.step_entries(each.steps, policy.unit, 1)), numbered=True)
        )
    if each.item is not None:
        blocks.append(_titled(f"{said['item']}{said['colon']}{words.label(each.item)}"))
    return [Section(heading=f"{said['each']}{said['colon']}{name}", blocks=tuple(blocks))]


def _titled(text: str) -> Outline:
    return Outline(entries=(Entry(depth=0, text=text),))


def _limits(each: Each, words: PolicyWords) -> list[Entry]:
    said = words.words
    entries = []
    for limit in each.limits:
        shared = words.condition(limit.quantity) if limit.quantity else said["number of rows"]
        notes = [said["shared"].format(shared, words.condition(limit.up_to))]
        if limit.order:
            notes.append(f"{said['in order']}{said['colon']}{words.label(limit.order)}")
        if limit.per:
            per = said["list"].join(words.label(name) for name in limit.per)
            notes.append(f"{said['per']}{said['colon']}{per}")
        source = f" 〔{limit.source}〕" if limit.source else ""
        text = (limit.says or words.label(limit.name)) + source
        entries.append(Entry(depth=1, text=text, notes=tuple(notes)))
    if each.claim is not None:
        text = said["claim"].format(words.label(each.claim.of), each.claim.group)
        entries.append(Entry(depth=1, text=text))
    return entries
