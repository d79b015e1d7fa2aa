"""`zhida catalogue`: the register of all policies, across levels and regions (一张清单)."""

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from console import (
    catalogue_compare,
    catalogue_exchange,
    catalogue_finding,
    catalogue_overlap,
    catalogue_review,
)
from console.catalogue_page import build_catalogue, elements_of, implementing
from console.command import print_json
from console.options import Spoken, VocabularyPaths, one_of
from console.policy_words import PolicyWords
from console.show_page import print_pages
from console.wiring import load_chosen, load_words
from engine.wording import Language
from policies.load import Loaded
from policies.policy import Policy
from profiles.fact import Vocabulary

app = typer.Typer(
    help="The register of all policies: listed, searched, compared, exchanged (一张清单).",
    no_args_is_help=True,
)


@app.command("list")
def list_policies(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Policy files or folders (default: the catalogue).")
    ] = None,
    vocabulary: VocabularyPaths = None,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text, html or json.")] = "text",
) -> None:
    """List all policies, and what differs between those that implement one frame."""
    one_of(language, "zh", "en")
    one_of(output, "text", "html", "json")
    spoken = cast(Language, language)
    words = load_words(vocabulary or ())
    loaded = load_chosen(paths or [], words)
    if output == "json":
        print_json(_as_json(loaded, words, spoken))
        return
    print_pages([build_catalogue(loaded.policies, loaded.frames, words, spoken)], output)


def _as_json(loaded: Loaded, words: Vocabulary, language: Language) -> dict[str, Any]:
    def plain(policy: Policy) -> dict[str, Any]:
        return {
            "policy": policy.id,
            "version": policy.version,
            "title": {"zh": policy.title_zh, "en": policy.title_en},
            "audience": policy.audience,
            "authority": policy.authority,
            "level": policy.level,
            "implements": policy.frame.frame if policy.frame else None,
            "elements": elements_of(policy, PolicyWords(policy, words, language)),
        }

    return {
        "policies": [plain(policy) for policy in loaded.policies],
        "frames": [
            {
                "frame": frame.key,
                "implemented_by": [policy.key for policy in implementing(frame, loaded.policies)],
            }
            for frame in loaded.frames
        ],
    }


app.command("export")(catalogue_exchange.export_items)
app.command("import")(catalogue_exchange.import_items)
app.command("search")(catalogue_finding.search)
app.command("similar")(catalogue_finding.similar)
app.command("overlap")(catalogue_overlap.overlap)
app.command("review")(catalogue_review.review)
app.command("negative")(catalogue_review.negative)
app.command("compare")(catalogue_compare.compare)
