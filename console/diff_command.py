"""`zhida diff`: two versions of a policy compared by meaning."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, cast

import typer

from console import show
from console.change_words import ChangeWords
from console.command import REFUSED, print_json, read_day, settings_of
from console.difference_json import difference_as_json
from console.difference_page import Places, build_difference_page
from console.errors import NothingThere
from console.git_state import at_revision
from console.moves_page import build_moves, moves_as_json
from console.options import Adopt, Day, PolicyPaths, Spoken, VocabularyPaths, one_of
from console.settings import read_clock
from console.show_page import show_page, write_page
from console.trial_city import sample_snapshot
from console.wiring import load_chosen, load_words, newest_snapshot
from engine.version_moves import VersionMoves, prepare_trial, try_versions
from engine.wording import Language
from language.document_reading import read_documents
from policies.adoption import adopt as adopted
from policies.change import Change
from policies.dating import look_back, succeed
from policies.difference import Difference, compare_versions
from policies.frame import is_frame
from policies.load import find_policy_files
from policies.policy import Policy
from policies.written_places import find_document, place_of
from profiles.fact import Vocabulary


def compare_files(
    context: typer.Context,
    old: Annotated[str, typer.Argument(help="The older version: a file, or ID@VERSION.")],
    new: Annotated[
        str | None, typer.Argument(help="The newer version: a file, or ID@VERSION.")
    ] = None,
    git: Annotated[
        str | None,
        typer.Option("--git", help="Compare one file with itself at this revision, as HEAD~1."),
    ] = None,
    policies: PolicyPaths = None,
    vocabulary: VocabularyPaths = None,
    as_of: Day = None,
    snapshot: Annotated[
        bool, typer.Option("--snapshot", help="Also try both on the newest snapshot of the home.")
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option(min=1, help="Also try both on a sample city of so many residents."),
    ] = None,
    adopt: Adopt = None,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text, html or json.")] = "text",
) -> None:
    """Compare two versions of a policy: every change in meaning, its days, and what looks back.

    Retroactive is what the newer version says of days before --as-of (default: today). Ends with 1
    where two versions are in force on one day.
    """
    if (new is None) == (git is None):
        raise typer.BadParameter("give two versions, or one file and --git REVISION")
    one_of(language, "zh", "en")
    one_of(output, "text", "html", "json")
    day = read_day(as_of, read_clock().date())
    words = load_words(vocabulary or ())
    paths = list(policies or ())
    stack = context.with_resource(ExitStack())
    then, now, shown = old, new or old, Shown()
    if git is not None:
        if not Path(old).is_file():
            raise NothingThere(f'there is no file "{old}"')
        file = stack.enter_context(at_revision(Path(old), git))
        then, shown = str(file), Shown(folder=f"{file.parent}/", revision=f"{git}:")
    before_all, after_all = (_read(name, paths, words) for name in (then, now))
    pairs = _pair(before_all, after_all, then, now)
    others = load_chosen(paths, words).policies if paths else ()
    differences = [compare_versions(before, after, words) for before, after in pairs]
    tried = _try(context, differences, words, snapshot, sample, adopt)
    pages, lines = [], []
    overlap = False
    for difference, moved in zip(differences, tried, strict=True):
        before, after = difference.old, difference.new
        spoken = ChangeWords(difference, words, "zh"), ChangeWords(difference, words, "en")
        succession = succeed(before, after)
        overlap |= succession.relation == "overlap"
        retroaction = look_back(before, after, difference.changes, day)
        places = _places(difference, paths, shown)
        difference = replace(difference, old=shown.policy(before))
        family = {p.key: p for p in (*others, before, after) if p.id == after.id}
        if output == "json":
            lines.append(
                difference_as_json(
                    difference,
                    spoken,
                    succession=succession,
                    retroaction=retroaction,
                    places=places,
                )
                | ({} if moved is None else {"people_and_money": moves_as_json(moved)})
            )
            continue
        chosen = spoken[0] if cast(Language, language) == "zh" else spoken[1]
        pages.append(
            build_difference_page(
                difference,
                chosen,
                succession=succession,
                retroaction=retroaction,
                day=day,
                places=places,
                family=tuple(family.values()),
                moves=() if moved is None else build_moves(moved, chosen),
            )
        )
    if output == "json":
        print_json(lines)
    elif output == "html":
        sys.stdout.write(write_page(pages))
    else:
        for page in pages:
            show_page(page)
    if overlap:
        raise typer.Exit(REFUSED)


def _try(
    context: typer.Context,
    differences: Sequence[Difference],
    words: Vocabulary,
    snapshot: bool,
    sample: int | None,
    adopt: str | None,
) -> list[VersionMoves | None]:
    """What moves between the versions on a snapshot or a sample city; None where none is asked."""
    if snapshot and sample is not None:
        raise typer.BadParameter("--snapshot and --sample exclude each other")
    if not snapshot and sample is None:
        return [None for _ in differences]
    with ExitStack() as stack:
        tell = stack.enter_context(show.progress())
        built = (
            newest_snapshot(settings_of(context))
            if sample is None
            else stack.enter_context(sample_snapshot(words, sample, tell))
        )
        found: list[VersionMoves | None] = []
        for difference in differences:
            if adopt is not None:
                sides = [adopted(policy, adopt) for policy in (difference.old, difference.new)]
                difference = replace(difference, old=sides[0], new=sides[1])
            trial = prepare_trial(difference, words, built.as_of)
            found.append(try_versions(trial, built, tell))
        return found


def _read(name: str, paths: Sequence[Path], words: Vocabulary) -> tuple[Policy, ...]:
    """The policies of a file, or the one that an id and a version name."""
    path = Path(name)
    if path.is_file():
        loaded = load_chosen([path, *_only_frames(paths)], words)
        return tuple(policy for policy in loaded.policies if Path(policy.file) == path)
    found = [p for p in load_chosen(list(paths), words).policies if name in (p.id, p.key)]
    if not found:
        raise NothingThere(
            f'there is no file and no policy "{name}" (write a file, or ID@VERSION and --policies)'
        )
    return tuple(found)


def _only_frames(paths: Sequence[Path]) -> list[Path]:
    """Files with nothing but frames, which a compared policy may implement."""
    return [
        path
        for path in find_policy_files(paths)
        if all(is_frame(document) for document in read_documents(path)[0])
    ]


def _pair(
    before: Sequence[Policy], after: Sequence[Policy], old: str, new: str
) -> list[tuple[Policy, Policy]]:
    """Which policy is compared with which: those of one id, or the only two there are."""
    for name, side in ((old, before), (new, after)):
        ids = [policy.id for policy in side]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice is not None:
            keys = ", ".join(policy.key for policy in side if policy.id == twice)
            raise NothingThere(
                f'"{name}" holds several versions of one policy (name one of {keys}, '
                "with its file under --policies)"
            )
    later = {policy.id: policy for policy in after}
    pairs = [(policy, later[policy.id]) for policy in before if policy.id in later]
    if not pairs and len(before) == len(after) == 1:
        pairs = [(before[0], after[0])]
    if not pairs:
        raise NothingThere(
            f'"{old}" and "{new}" have no policy in common (of a frame compare a policy '
            "that implements it)"
        )
    return pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How people are told a file of an earlier revision: by its revision, not by where it lies."""

    folder: str = ""
    revision: str = ""

    def place(self, text: str) -> str:
        """A place in a file."""
        return text.replace(self.folder, self.revision) if self.folder else text

    def policy(self, policy: Policy) -> Policy:
        """A policy by the name of its file."""
        return replace(policy, file=self.place(policy.file))


def _places(difference: Difference, paths: Sequence[Path], shown: Shown) -> Places:
    frames = _only_frames(paths)
    documents = [find_document(policy, frames) for policy in (difference.old, difference.new)]

    def find(change: Change) -> tuple[str, str]:
        old, new = (
            "" if document is None else place_of(document, change) for document in documents
        )
        old = shown.place(old)
        return old if change.kind != "added" else "", new if change.kind != "removed" else ""

    return find
