"""The files of a run are kept whole: frames of the catalogue and tables beside policies, too."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from console.kept_program import find_former, keep_program, load_kept
from console.settings import Settings
from engine.program import compile_policies
from engine.run import Run
from policies.load import load_policies
from tests.support.policy_texts import vocabulary

IMPLEMENTS = """\
policy: another-province
implements: job-retention-refund
version: 1
title: {zh: 另一省}
authority: 省局
level: province
parameters: {refund_rate: {source: 一, rows: {large: 25%, "medium, small, micro": 50%}}}
"""

WITH_TABLE = """\
policy: graded
version: 1
title: {zh: 分档}
audience: enterprise
authority: 市局
level: city
basis: [{document: 办法}]
tables:
  grade: {source: 三, inputs: [ent_size], hit: unique, file: tables/grade.csv}
clauses: [{id: a, says: 一, when: grade > 0}]
benefit: {amount: grade}
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_kept_program_is_the_same_after_its_files_are_gone(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "one" / "policy.yaml", IMPLEMENTS),
        write(tmp_path / "two" / "policy.yaml", WITH_TABLE),
    ]
    table = write(tmp_path / "two" / "tables" / "grade.csv", "ent_size,grade\nsmall,5\nlarge,3\n")
    loaded = load_policies(files, vocabulary())
    program = compile_policies(loaded.policies, vocabulary())
    settings = Settings(home=tmp_path / "home", database_url="sqlite://")
    settings.programs.mkdir(parents=True)
    keep_program(settings, program, loaded, None)
    for path in (*files, table):
        path.unlink()
    kept = load_kept(settings, program.hash)
    assert kept.hash == program.hash
    assert {policy.id for policy in kept.policies} == {"another-province", "graded"}


def test_what_stands_beside_a_frame_and_was_not_run_is_not_kept_as_run(tmp_path: Path) -> None:
    text = IMPLEMENTS + "---\n" + WITH_TABLE.replace("policy: graded", "policy: other")
    file = write(tmp_path / "policy.yaml", text)
    write(tmp_path / "tables" / "grade.csv", "ent_size,grade\nsmall,5\n")
    loaded = load_policies([file], vocabulary())
    chosen = [policy for policy in loaded.policies if policy.id == "another-province"]
    program = compile_policies(chosen, vocabulary())
    settings = Settings(home=tmp_path / "home", database_url="sqlite://")
    settings.programs.mkdir(parents=True)
    keep_program(settings, program, loaded, None)
    assert [policy.id for policy in load_kept(settings, program.hash).policies] == [
        "another-province"
    ]


def test_a_program_that_means_something_else_now_is_no_former_one(tmp_path: Path) -> None:
    file = write(tmp_path / "policy.yaml", IMPLEMENTS)
    loaded = load_policies([file], vocabulary())
    program = compile_policies(loaded.policies, vocabulary())
    settings = Settings(home=tmp_path / "home", database_url="sqlite://")
    settings.programs.mkdir(parents=True)
    keep_program(settings, program, loaded, None)
    run = Run(
        id="run-1",
        as_of=date(2026, 1, 1),
        snapshot_hash="",
        program_hash=program.hash,
        state="accepted",
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        finished_at=None,
        decided_at=None,
        outcome_hash=None,
        outcome_path=None,
        counts={},
    )
    found = find_former(settings, run)
    assert found is not None
    assert found.hash == program.hash
    assert find_former(settings, replace(run, program_hash="0" * 64)) is None  # not kept
    folder = settings.programs / program.hash
    (copy,) = folder.glob("policies/*/policy.yaml")
    copy.write_text(IMPLEMENTS.replace("25%", "26%"), encoding="utf-8")
    assert find_former(settings, run) is None
    copy.write_text("policy: [", encoding="utf-8")
    assert find_former(settings, run) is None
    (folder / "program.json").write_text("{", encoding="utf-8")
    assert find_former(settings, run) is None
