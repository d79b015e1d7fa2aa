"""An explanation in the terminal: a tree with colours."""

from rich.markup import escape
from rich.text import Text
from rich.tree import Tree

from console.answer_words import say_answer
from console.explanation_words import (
    WORDS,
    say_amount,
    say_corrections,
    say_deciding,
    say_reason,
)
from console.show import out
from engine.explanation import AmountTold, ClauseTold, Explanation, FactUsed, StepTold

_SIGN = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}
_UNWANTED = {True: "without", False: "with", None: "must not"}
_COLOUR = {"eligible": "green", "ineligible": "red", "unknown": "yellow"}


def show_explanation(told: Explanation, language: str) -> None:
    """A decision clause by clause, in Chinese (`zh`) or English (`en`)."""
    out.print(tree_of(told, language))


def tree_of(told: Explanation, language: str) -> Tree:
    """The tree that is printed."""
    zh, words = language == "zh", WORDS[language]
    title = told.title_zh if zh else told.title_en
    colour = _COLOUR[told.verdict]
    head = f"[bold]{escape(title)}[/]  [{colour}]{words[told.verdict]}[/]"
    if told.verdict == "eligible":
        head += f"  [bold]{say_amount(told.amount, told.unit, language, words['amount open'])}[/]"
    tree = Tree(f"{head}\n[dim]{told.policy}@{told.version}, {told.period}, {told.as_of}[/]")
    branches: dict[int, Tree] = {-1: tree}
    for clause in told.clauses:
        branches[clause.depth] = _add_clause(branches[clause.depth - 1], clause, language)
    if told.verdict == "eligible" and told.steps:
        _add_amount(tree, told, language)
    if told.missing:
        names = words["list"].join(f.label_zh if zh else f.label_en for f in told.missing)
        tree.add(Text(words["missing facts"] + words["colon"] + names, style="yellow"))
    _add_alternatives(tree, told, language)
    for reason in told.reasons:
        tree.add(Text(say_reason(reason, told, language), style="yellow"))
    for says in told.not_modelled_zh if zh else told.not_modelled_en:
        tree.add(Text(words["check"] + words["colon"] + says, style="dim"))
    return tree


def _add_clause(parent: Tree, clause: ClauseTold, language: str) -> Tree:
    zh, words = language == "zh", WORDS[language]
    sign, colour = _SIGN[clause.good]
    line = Text()
    line.append(sign + " ", style=colour)
    if clause.group and (clause.group == "portion" or not clause.says_zh):
        line.append(words[clause.group] + " ", style="dim")
    if clause.unwanted and not clause.group:
        line.append(words[_UNWANTED[clause.good]], style="dim")
    line.append(clause.says_zh or clause.id if zh else clause.says_en)
    if clause.source:
        line.append(f" 〔{clause.source}〕", style="dim")
    branch = parent.add(line)
    condition = clause.condition_zh if zh else clause.condition_en
    if condition and (len(clause.facts) > 1 or not clause.unwanted):
        branch.add(Text(condition, style="cyan"))
    for fact in clause.facts:
        _add_fact(branch, fact, language)
    return branch


def _add_alternatives(tree: Tree, told: Explanation, language: str) -> None:
    """Why not, near misses, and what could still decide."""
    words, zh = WORDS[language], language == "zh"
    if told.why_not:
        branch = tree.add(Text(words["why not"], style="bold"))
        for text in say_corrections(told, language):
            branch.add(Text(text))
    if told.near_misses:
        branch = tree.add(Text(words["near misses"], style="bold"))
        for miss in told.near_misses:
            line = Text(miss.says_zh if zh else miss.says_en)
            if miss.legal_source:
                line.append(f" 〔{miss.legal_source}〕", style="dim")
            branch.add(line)
    if told.deciding:
        branch = tree.add(Text(words["deciding"], style="bold yellow"))
        for text in say_deciding(told, language):
            branch.add(Text(text, style="yellow"))


def _add_amount(tree: Tree, told: Explanation, language: str) -> None:
    zh, words = language == "zh", WORDS[language]
    steps = tree.add(words["amount"])
    for part in (*told.rows, *told.portions):
        _add_steps(steps, part, language)
    for step in told.steps:
        steps.add(_step(step, language))
    for fact in told.amount_facts:
        _add_fact(steps, fact, language)
    for also in told.also:
        _add_steps(steps, also, language)
    if zh and not told.steps:
        steps.add(words["open"])


def _add_steps(parent: Tree, told: AmountTold, language: str) -> None:
    zh, words = language == "zh", WORDS[language]
    line = Text(told.label_zh if zh else told.label_en)
    shown = say_amount(told.amount, told.unit, language, words["open"])
    line.append(f" {shown}", style="bold")
    branch = parent.add(line)
    for step in told.steps:
        branch.add(_step(step, language))
    for fact in told.facts:
        _add_fact(branch, fact, language)


def _step(step: StepTold, language: str) -> Text:
    zh, words = language == "zh", WORDS[language]
    line = Text(style="dim" if step.applied is False else "")
    says, does = (step.says_zh, step.does_zh) if zh else (step.says_en, step.does_en)
    operand = step.operand_zh if zh else step.operand_en
    line.append(f"{says}  " if says else "")
    line.append(does, style="cyan")
    if operand is not None and operand not in does:
        line.append(f" {equals(operand)}{operand}", style="cyan")
    condition = step.condition_zh if zh else step.condition_en
    if condition:
        line.append(f" ({condition})", style="dim")
    line.append(" → ")
    if step.applied is False:
        line.append(f"{words['skipped']} ")
    line.append(step.amount or words["open"], style="bold")
    return line


def _add_fact(parent: Tree, fact: FactUsed, language: str) -> None:
    zh, words = language == "zh", WORDS[language]
    label = fact.label_zh if zh else fact.label_en
    value = fact.value_zh if zh else fact.value_en
    line = Text(f"{label} {equals(value)}")
    if value is None:
        line.append(words["missing"], style="yellow")
    else:
        line.append(value, style="bold")
    if fact.source is not None:
        where = fact.source.department if zh else fact.source.dataset
        line.append(f"  {where} {fact.source.delivered_on} {fact.source.release}", style="dim")
        if (answer := fact.source.answer) is not None:
            told = say_answer(answer, "zh" if zh else "en")
            line.append(f"  {told}", style="cyan")
    elif fact.legal_source:
        line.append(f"  {fact.legal_source}", style="dim")
    branch = parent.add(line)
    for text in which_value(fact, language):
        branch.add(Text(text, style="dim"))


def equals(shown: str | None) -> str:
    """The sign before a value; a rounded one brings its own."""
    return "" if shown is not None and shown.startswith("≈") else "= "


def which_value(fact: FactUsed, language: str) -> list[str]:
    """Which value of a parameter counted: the days it holds, the row, the tiers."""
    told, zh, words = fact.parameter, language == "zh", WORDS[language]
    if told is None:
        return []
    lines = []
    if told.begins or told.ends:
        start = f"{words['since']} {told.begins} " if told.begins else ""
        end = f"{words['until']} {told.ends}" if told.ends else ""
        by = told.chosen_by_zh if zh else told.chosen_by_en
        chosen = f" ({by})" if by else ""
        lines.append((start + end).strip() + chosen)
    if told.row:
        keys = [
            f"{key.label_zh}：{key.says_zh}" if zh else f"{key.label_en}: {key.says_en}"
            for key in told.row
        ]
        lines.append(words["row"] + words["colon"] + ("；" if zh else "; ").join(keys))
    if told.rules and not told.row:
        lines.append(words["rules"] + ", ".join(str(number) for number in told.rules))
    for tier in told.tiers:
        says = tier.says_zh if zh else tier.says_en
        lines.append(f"{says} → {tier.part if tier.part is not None else words['open']}")
    return lines
