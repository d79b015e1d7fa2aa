"""Small policies written for one test, loaded as an author's files are."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from textwrap import dedent

from policies.load import Loaded, load_policies
from policies.policy import Policy
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.vocabulary_load import builtin_vocabulary

HEAD = """\
policy: {name}
version: 1
title: {{zh: 测试}}
audience: enterprise
authority: 市局
level: city
basis: [{{document: 办法}}]
"""


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary that comes with the program, read once."""
    return builtin_vocabulary(builtin_datasets())


def write_policies(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """One file for each text, with the keys that every policy has before it."""
    paths = []
    for name, text in texts.items():
        path = folder / f"{name}.yaml"
        path.write_text(HEAD.format(name=name) + dedent(text), encoding="utf-8")
        paths.append(path)
    return paths


def load_text(folder: Path, text: str) -> Loaded:
    """The policy of one text, with its warnings."""
    return load_policies(write_policies(folder, {"written": text}), vocabulary())


def load_one(folder: Path, text: str) -> Policy:
    """The policy of one text."""
    (policy,) = load_text(folder, text).policies
    return policy
