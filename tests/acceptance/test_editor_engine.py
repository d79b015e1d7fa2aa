"""Completion, hover and slips by yaml-language-server, where it is installed (npm)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.cli import app
from policies.load import CATALOGUE
from tests.support.language_server import LanguageServer, serving

SERVER = shutil.which("yaml-language-server")
pytestmark = pytest.mark.skipif(SERVER is None, reason="yaml-language-server is not installed")
LINE = "# yaml-language-server: $schema=./schemas/policy.schema.json\n"


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    folder: Path = tmp_path_factory.mktemp("author")
    assert CliRunner().invoke(app, ["schema", "--install", "--into", str(folder)]).exit_code == 0
    assert SERVER is not None
    with serving(SERVER, folder) as server:
        yield server


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("|", {"policy", "version", "title", "clauses", "benefit", "examples"}),
        ("policy: x\naudience: |", {"enterprise", "resident", "household"}),
        ("policy: x\nclauses:\n  - |", {"id", "when", "judged_by", "clause 条款"}),
        ("policy: x\nclauses:\n  - id: a\n    when: ten|", {"tekun"}),
        ("policy: x\nregion: |", {"成都市"}),
        ("policy: x\nregion: {of: |}", {"hukou_region"}),
        ("policy: x\nparameters:\n  a:\n    by: |", {"age", "ent_size"}),
        ("policy: x\nexamples:\n  given:\n    |", {"age", "hires"}),
        ("policy: x\nexamples:\n  given:\n    ent_size: |", {"large", "micro"}),
        ("policy: x\nexamples:\n  given:\n    hires:\n      - |", {"hire_on", "contract_months"}),
        ("policy: x\neach:\n  row: |", {"hires", "employment"}),
        ("policy: x\ntables:\n  a:\n    hit: |", {"unique", "collect sum"}),
        ("policy: x\nclauses:\n  - id: a\n    not_yet: |", {"true", "false"}),
    ],
)
def test_what_may_stand_somewhere_is_proposed(
    editor: LanguageServer, text: str, proposed: set[str]
) -> None:
    assert proposed <= set(editor.complete(LINE + text))


def test_a_text_for_people_has_no_proposals(editor: LanguageServer) -> None:
    assert editor.complete(LINE + "policy: x\nauthority: |") == {}


def test_what_is_proposed_says_what_it_is(editor: LanguageServer) -> None:
    told = editor.complete(LINE + "policy: x\nclauses:\n  - id: a\n    when: |")
    assert "特困供养" in told["tekun"]
    assert "Supported as destitute" in told["tekun"]


@pytest.mark.parametrize(
    ("text", "chinese", "english"),
    [
        ("policy: x\naudi|ence: resident\n", "惠及对象", "Whom the policy is for"),
        ("policy: x\nwindow: {fr|om: 2024-05-01}\n", "第一天", "The first day"),
        ("policy: x\nclauses: [{id: a, whe|n: age >= 80}]\n", "条件", "The condition"),
        ("policy: x\nclauses: [{id: a, when: teku|n}]\n", "特困供养", "destitute"),
        ("policy: x\nexamples: {given: {ent_si|ze: small}}\n", "企业划型", "Size class"),
        ('policy: x\nregion: "51|0100"\n', "成都市", ""),
        ("policy: x\nper: mon|th\n", "每月", "one award"),
    ],
)
def test_what_stands_under_the_cursor_is_explained(
    editor: LanguageServer, text: str, chinese: str, english: str
) -> None:
    told = editor.hover(LINE + text)
    assert chinese in told
    assert english in told


@pytest.mark.parametrize("path", sorted(CATALOGUE.rglob("*.yaml")), ids=lambda path: path.stem)
def test_no_file_of_the_catalogue_is_marked(editor: LanguageServer, path: Path) -> None:
    assert editor.find_slips(LINE + path.read_text(encoding="utf-8")) == []


def test_slips_are_marked_with_what_to_write(editor: LanguageServer) -> None:
    found = editor.find_slips(LINE + "policy: x\nwindow: {from: 1 May}\naudince: resident\n")
    assert any("write a day as 2024-05-01" in slip for slip in found)
    assert any("audince" in slip for slip in found)
