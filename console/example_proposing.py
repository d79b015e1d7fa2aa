"""Proposed examples printed as YAML, or put into the files of their policies."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape

from console import show
from engine.example_proposals import Proposed, propose_examples, tell_wanted
from language.document import Document, document_value
from policies.errors import ExamplesNotWritten
from policies.example_writing import add_cases, write_case
from policies.load import Loaded
from policies.policy import Policy
from profiles.fact import Vocabulary

INDENT = 4


def propose_for(loaded: Loaded, vocabulary: Vocabulary, *, write: bool) -> None:
    """Propose examples for every policy, and print them or put them into its file.

    Raises ExamplesNotWritten where a file is written in a way that nothing can be added to.
    """
    found: list[tuple[Proposed, Mapping[str, Any]]] = []
    with show.progress() as tell:
        for number, policy in enumerate(loaded.policies):
            tell("proposing examples", number, len(loaded.policies))
            shared = shared_by_examples(loaded.documents[policy.key])
            found.append((propose_examples(policy, vocabulary, shared), shared))
    refused: list[str] = []
    for proposed, shared in found:
        if not write:
            sys.stdout.write(print_proposed(proposed, shared))
        elif proposed.proposals:
            try:
                _put_into_file(proposed, shared)
            except ExamplesNotWritten as error:
                refused.append(f"{proposed.policy.file}: {error}")
    if refused:
        raise ExamplesNotWritten("\n".join(refused))


def shared_by_examples(document: Document) -> Mapping[str, Any]:
    """What the examples of a policy give together, as it is written."""
    shared = document_value(document, ("examples", "given"))
    return shared if isinstance(shared, Mapping) else {}


def print_proposed(proposed: Proposed, shared: Mapping[str, Any]) -> str:
    """The proposals for a policy as they stand beneath its `cases`, and what has none."""
    policy = proposed.policy
    if not proposed.proposals and not proposed.not_found:
        return f"# {policy.key}: nothing is missing\n"
    lines = [f"# {policy.key}: {len(proposed.proposals)} proposed, beneath examples: cases:"]
    for proposal in proposed.proposals:
        lines += write_case(proposal.example, shared, INDENT)
    lines += [
        f"# no example found: {tell_wanted(missing.wanted)} ({missing.span.name})"
        for missing in proposed.not_found
    ]
    return "\n".join(lines) + "\n"


def _put_into_file(proposed: Proposed, shared: Mapping[str, Any]) -> None:
    policy: Policy = proposed.policy
    path = Path(policy.file)
    text = path.read_bytes().decode("utf-8")
    examples = [proposal.example for proposal in proposed.proposals]
    added = add_cases(text, policy.id, policy.version, examples, shared)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(added.encode("utf-8"))
        beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    show.out.print(
        f"[green]{len(examples)} examples[/] put into {escape(policy.file)} ({policy.key}); "
        "confirm what each expects against the text of the law",
        soft_wrap=True,
    )
