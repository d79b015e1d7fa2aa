"""From a draft to a run and to another installation, by the real commands."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.cli import app
from ledger.database import open_database, reading
from ledger.journal import seal, sealed_entries
from profiles.dataset import builtin_datasets
from tests.storage_world import make_match, make_matches, take_in
from tests.unit.profiles.delivery_world import credit_code, write_csv

DAY, NEXT = "2025-02-10", "2025-03-10"
GRANT = """
policy: {policy}
version: "{version}"
title: {{zh: 参保企业奖励, en: Award for insured firms}}
audience: enterprise
authority: 示范市人社局
level: city
basis: [{{document: 示范市参保企业奖励办法}}]
effective: {{from: 2024-01-01}}
per: month
clauses:
  - {{id: insured, says: 有足额缴费月份, when: ui_paid_months >= {months}}}
benefit: {{kind: cash, amount: {amount}}}
examples:
  as_of: 2025-01-31
  cases: [{{name: insured, given: {{ui_paid_months: 9}}, expect: {{verdict: eligible, amount: {expected}}}}}]
"""  # noqa: E501
INSURED = credit_code(1)
LATE = ("--retroactive", "文件晚于生效日印发")
Zhida = Callable[..., Result]


def command(home: Path) -> Zhida:
    def call(*words: object, ends: int = 0) -> Result:
        options = ["--home", str(home), *map(str, words)]
        result = CliRunner().invoke(app, options, env={"COLUMNS": "160"})
        assert result.exit_code == ends, result.output or result.exception
        return result

    return call


@pytest.fixture
def zhida(tmp_path: Path) -> Zhida:
    """The command in a home with two people: wang writes, li decides."""
    call = command(tmp_path / "home")
    call("init")
    call("actor", "add", "wang", "--role", "author")
    call("actor", "add", "li", "--role", "reviewer", "--role", "approver", "--role", "operator")
    return call


def write(folder: Path, name: str = "grant", **changes: Any) -> Path:
    values = {"policy": name, "version": "1", "months": 1, "amount": 100, **changes}
    values.setdefault("expected", values["amount"])
    path = folder / f"{name}.yaml"
    path.write_text(GRANT.format(**values), encoding="utf-8")
    return path


def publish(zhida: Zhida, path: Path, key: str = "grant@1") -> None:
    zhida("policy", "submit", path, "--as", "wang")
    zhida("policy", "review", key, "--as", "li")
    zhida("policy", "approve", key, "--as", "li")
    zhida("policy", "publish", key, "--as", "li", *LATE)


def states(zhida: Zhida) -> dict[str, str]:
    told = json.loads(zhida("policy", "list", "--format", "json").stdout)
    return {f"{one['policy']}@{one['version']}": one["state"] for one in told}


def deliver(zhida: Zhida, folder: Path) -> None:
    columns = ",".join(builtin_datasets()["registration"].columns)
    firm = f"{INSURED},某公司,某某,某路,990101,enterprise,C3512,100,零售,2020-01-01,"
    months = [f"{INSURED},2024-{n:02},3,100,是" for n in (11, 12)]
    files = {
        "registration": [columns, firm],
        "unemployment-insurance": ["uscc,month,insured,premium,paid_in_full", *months],
    }
    for name, lines in files.items():
        zhida("ingest", write_csv(folder / f"{name}.csv", *lines), "--delivered-on", DAY)
    zhida("snapshot", "--as-of", DAY)


def run(zhida: Zhida, *words: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zhida("run", *words, "--format", "json").stdout)
    return found


def journal(home: Path) -> list[Any]:
    engine = open_database(f"sqlite:///{home / 'zhida.db'}")
    try:
        seal(engine, now=datetime.now(UTC))
        with reading(engine) as connection:
            return sealed_entries(connection, 0)
    finally:
        engine.dispose()


def test_a_policy_is_published_step_by_step_and_runs_from_the_ledger(
    zhida: Zhida, tmp_path: Path
) -> None:
    deliver(zhida, tmp_path)
    path = write(tmp_path)
    assert "is published for" in str(zhida("run", ends=1).exception)
    zhida("policy", "submit", path, "--as", "wang")
    seen = [states(zhida)["grant@1"]]
    for step, words in (("review", ()), ("approve", ()), ("publish", LATE)):
        told = zhida("policy", step, "grant@1", "--as", "li", *words).stdout
        assert "参保企业奖励" in told
        seen.append(states(zhida)["grant@1"])
        assert "溯及既往 retroactive" in told
    assert seen == ["submitted", "reviewed", "approved", "published"]
    path.unlink()
    ran = run(zhida)
    assert (ran["trial"], ran["awards_opened"], ran["notices"]) == (False, 1, 1)
    why = json.loads(zhida("explain", INSURED, "--format", "json").stdout)
    assert [one["verdict"] for one in why] == ["eligible"]


def test_what_is_approved_is_shown_with_title_hash_and_changes(
    zhida: Zhida, tmp_path: Path
) -> None:
    publish(zhida, write(tmp_path))
    zhida(
        "policy", "withdraw", "grant@1", "--as", "li", "--from", "2025-06-01", "--reason", "新办法"
    )
    path = write(tmp_path, version="2", amount=200)
    text = path.read_text(encoding="utf-8").replace("from: 2024-01-01", "from: 2025-06-01")
    text = text.replace("as_of: 2025-01-31", "as_of: 2025-06-30")
    path.write_text(text, encoding="utf-8")
    told = json.loads(zhida("policy", "submit", path, "--as", "wang", "--format", "json").stdout)
    (content,) = [one["content_hash"] for one in told]
    zhida("policy", "review", "grant@2", "--as", "li")
    refused = zhida("policy", "approve", "grant@2", "--as", "li", "--hash", "0000", ends=1)
    assert content[:12] in str(refused.exception)
    shown = zhida("policy", "approve", "grant@2", "--as", "li", "--hash", content[:8]).stdout
    assert content in shown
    assert "grant@1" in shown
    assert "100" in shown
    assert "200" in shown
    assert "溯及既往 retroactive" in shown


def test_a_submitted_policy_is_shown_as_a_page_whatever_became_of_its_file(
    zhida: Zhida, tmp_path: Path
) -> None:
    path = write(tmp_path)
    expected = CliRunner().invoke(app, ["show", str(path)], env={"COLUMNS": "160"}).stdout
    zhida("policy", "submit", path, "--as", "wang")
    write(tmp_path, amount=777)
    shown = zhida("policy", "show", "grant@1").stdout
    clauses = [line for line in expected.splitlines() if "足额" in line]
    assert clauses
    assert [line for line in shown.splitlines() if "足额" in line] == clauses
    assert "777" not in shown
    html = zhida("policy", "show", "grant@1", "--format", "html", "--language", "en").stdout
    assert html.startswith("<!")
    assert "nothing is submitted" in str(zhida("policy", "show", "grant@9", ends=1).exception)


def test_an_author_approves_nothing_of_their_own_whatever_roles_they_get(
    zhida: Zhida, tmp_path: Path
) -> None:
    zhida("policy", "submit", write(tmp_path), "--as", "wang")
    zhida("policy", "review", "grant@1", "--as", "li")
    assert "role approver" in str(
        zhida("policy", "approve", "grant@1", "--as", "wang", ends=1).exception
    )
    zhida("actor", "roles", "wang", "--revoke", "author", "--grant", "approver")
    refused = zhida("policy", "approve", "grant@1", "--as", "wang", ends=1)
    assert "whoever wrote or submitted a policy cannot" in str(refused.exception)
    assert states(zhida) == {"grant@1": "reviewed"}


def test_the_refusal_of_the_database_is_a_sentence_for_people(zhida: Zhida, tmp_path: Path) -> None:
    zhida("policy", "submit", write(tmp_path), "--as", "wang")
    zhida("actor", "roles", "wang", "--grant", "reviewer")
    done = subprocess.run(
        [sys.executable, "-m", "console.cli", "--home", tmp_path / "home",
         "policy", "review", "grant@1"],
        capture_output=True,
        text=True,
        env=dict(os.environ) | {"ZHIDA_ACTOR": "wang"},
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error the database refuses it: whoever wrote")
    assert "Traceback" not in done.stderr


def test_a_file_edited_after_its_approval_does_not_run(zhida: Zhida, tmp_path: Path) -> None:
    deliver(zhida, tmp_path)
    path = write(tmp_path)
    publish(zhida, path)
    assert run(zhida, "--policies", path)["awards_opened"] == 1
    write(tmp_path, amount=900)
    refused = str(zhida("run", "--policies", path, ends=1).exception)
    assert "grant@1 is published with other content" in refused
    # comments and spaces are no content
    write(tmp_path)
    path.write_text("# a remark\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert run(zhida, "--policies", path)["awards_there_already"] == 1


def test_a_run_names_every_policy_that_is_not_published(zhida: Zhida, tmp_path: Path) -> None:
    deliver(zhida, tmp_path)
    publish(zhida, write(tmp_path))
    zhida("policy", "submit", write(tmp_path, "second"), "--as", "wang")
    third = write(tmp_path, "third")
    words = [word for name in ("grant", "second", "third")
             for word in ("--policies", tmp_path / f"{name}.yaml")]  # fmt: skip
    refused = str(zhida("run", *words, ends=1).exception).splitlines()
    assert len(refused) == 3
    assert refused[0].startswith("second@1 is only submitted")
    assert refused[1].startswith("third@1 was never submitted")
    assert third.exists()


def test_a_trial_shows_everything_and_leaves_nothing_behind(zhida: Zhida, tmp_path: Path) -> None:
    deliver(zhida, tmp_path)
    path = write(tmp_path)
    for _ in range(2):
        told = run(zhida, "--trial", "--policies", path)
        assert [one["eligible"] for one in told["policies"]] == [1]
        counts = (told["trial"], told["awards_opened"], told["notices"])
        assert counts == (True, 0, 0)
        assert [row["gained"] for row in told["changes"]] == [1]
    assert "a trial" in zhida("run", "--trial", "--policies", path).stdout
    assert json.loads(zhida("inbox", INSURED, "--format", "json").stdout) == []
    assert "no run yet" in str(zhida("explain", INSURED, ends=1).exception)
    kinds = {entry.kind for entry in journal(tmp_path / "home")}
    assert "run.tried" in kinds
    assert not kinds & {"run.accepted", "award.opened"}
    # what was tried may be published and run after all
    publish(zhida, path)
    assert run(zhida)["awards_opened"] == 1
    told = run(zhida, "--trial", "--policies", write(tmp_path, amount=500))
    assert [row["amount_changed"] for row in told["changes"]] == [1]
    assert run(zhida)["awards_there_already"] == 1


def test_a_withdrawn_policy_is_left_out_and_nobody_loses_what_they_have(
    zhida: Zhida, tmp_path: Path
) -> None:
    deliver(zhida, tmp_path)
    publish(zhida, write(tmp_path))
    publish(zhida, write(tmp_path, "second"), "second@1")
    assert run(zhida)["awards_opened"] == 2
    assert "--reason" in str(zhida("policy", "withdraw", "grant@1", "--as", "li", ends=1).exception)
    words = ("--as", "li", "--from", NEXT, "--reason", "文件废止")
    zhida("policy", "withdraw", "grant@1", *words)
    again = run(zhida)  # as of a day before: it still holds
    assert [one["policy"] for one in again["policies"]] == ["grant@1", "second@1"]
    zhida("snapshot", "--as-of", NEXT)
    after = run(zhida)
    assert [one["policy"] for one in after["policies"]] == ["second@1"]
    assert after["awards_opened"] == 1
    assert sum(row["lost"] for row in after["changes"]) == 0
    assert "grant" not in {row["policy"] for row in after["changes"]}
    kinds = [entry.kind for entry in journal(tmp_path / "home")]
    assert kinds.count("award.opened") == 3
    assert not [kind for kind in kinds if kind.startswith("award.") and kind != "award.opened"]
    titles = json.loads(zhida("inbox", INSURED, "--format", "json").stdout)
    assert len(titles) == 3
    refused = zhida("run", "--policies", tmp_path / "grant.yaml", ends=1)
    assert f"grant@1 is withdrawn from {NEXT}" in str(refused.exception)


def test_whoever_was_awarded_before_a_withdrawal_is_told_after_it(
    zhida: Zhida, tmp_path: Path
) -> None:
    """The run that opened the award was killed before it told anybody."""
    deliver(zhida, tmp_path)
    publish(zhida, write(tmp_path))
    publish(zhida, write(tmp_path, "second"), "second@1")
    engine = open_database(f"sqlite:///{tmp_path / 'home' / 'zhida.db'}")
    subject = json.loads(zhida("profile", INSURED, "--format", "json").stdout)["subject"]
    match = make_match(policy="grant", version="1", subject=subject, kind="enterprise")
    take_in(engine, make_matches(match))
    engine.dispose()
    zhida("policy", "withdraw", "grant@1", "--as", "li", "--from", DAY, "--reason", "文件废止")
    told = run(zhida)
    assert [one["policy"] for one in told["policies"]] == ["second@1"]
    assert (told["awards_opened"], told["notices"]) == (1, 2)


def test_a_release_in_words_of_ones_own_needs_them_again(zhida: Zhida, tmp_path: Path) -> None:
    deliver(zhida, tmp_path)
    words = tmp_path / "words.yaml"
    words.write_text(
        "facts:\n  own_count: {of: enterprise, label: 数, type: integer, "
        "from: unemployment-insurance, count: rows}\n",
        encoding="utf-8",
    )
    path = write(tmp_path)
    text = path.read_text(encoding="utf-8").replace("ui_paid_months", "own_count")
    path.write_text(text, encoding="utf-8")
    with_words = ("--vocabulary", words)
    zhida("policy", "submit", path, "--as", "wang", *with_words)
    refused = zhida("policy", "review", "grant@1", "--as", "li", ends=1)
    assert "name the same files again" in str(refused.exception)
    for step, more in (("review", ()), ("approve", ()), ("publish", LATE)):
        zhida("policy", step, "grant@1", "--as", "li", *more, *with_words)
    assert "own_count" in str(zhida("run", ends=1).exception)


def test_files_that_check_refuses_and_failing_examples_are_not_submitted(
    zhida: Zhida, tmp_path: Path
) -> None:
    good = write(tmp_path)
    failing = write(tmp_path, "failing", expected=1)
    broken = tmp_path / "broken.yaml"
    broken.write_text("policy: broken\n", encoding="utf-8")
    for bad in (failing, broken):
        zhida("policy", "submit", good, bad, "--as", "wang", ends=1)
        assert states(zhida) == {}


def test_publishing_what_begins_before_today_needs_a_reason(zhida: Zhida, tmp_path: Path) -> None:
    path = write(tmp_path)
    zhida("policy", "submit", path, "--as", "wang")
    zhida("policy", "review", "grant@1", "--as", "li")
    assert "2024-01-01, before today" in zhida("policy", "approve", "grant@1", "--as", "li").stdout
    refused = zhida("policy", "publish", "grant@1", "--as", "li", ends=1)
    assert "begins on 2024-01-01" in str(refused.exception)
    zhida("policy", "publish", "grant@1", "--as", "li", *LATE)
    (entry,) = [one for one in journal(tmp_path / "home") if one.kind == "policy.published"]
    assert entry.body["reason"] == LATE[1]


def test_a_reason_with_somebodys_number_is_refused(zhida: Zhida, tmp_path: Path) -> None:
    zhida("policy", "submit", write(tmp_path), "--as", "wang")
    words = ("--as", "li", "--reason", "问过 13800000000")
    assert "leave it out" in str(zhida("policy", "review", "grant@1", *words, ends=1).exception)


def test_a_private_key_is_for_its_owner_alone(zhida: Zhida, tmp_path: Path) -> None:
    key = tmp_path / "home" / "keys" / "li.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    again = zhida("actor", "add", "sun", "--key-file", key, ends=1)
    assert "is there already" in str(again.exception)
    told = json.loads(zhida("actor", "list", "--format", "json").stdout)
    assert [actor["name"] for actor in told] == ["li", "wang"]
    zhida("policy", "submit", write(tmp_path), "--as", "wang")
    key.chmod(0o640)
    refused = zhida("policy", "review", "grant@1", "--as", "li", ends=1)
    assert "may be read by others" in str(refused.exception)
    words = ("--as", "li", "--key-file", tmp_path / "home" / "keys" / "wang.key")
    refused = zhida("policy", "review", "grant@1", *words, ends=1)
    assert "not the one of li" in str(refused.exception)


def test_a_private_key_may_stay_with_its_owner(zhida: Zhida, tmp_path: Path) -> None:
    other = command(tmp_path / "laptop")
    other("init")
    other("actor", "add", "sun", "--key-file", tmp_path / "sun.key")
    zhida("actor", "add", "sun", "--role", "reviewer", "--public-key", tmp_path / "sun.pub")
    assert not (tmp_path / "home" / "keys" / "sun.key").exists()
    zhida("policy", "submit", write(tmp_path), "--as", "wang")
    zhida("policy", "review", "grant@1", "--as", "sun", "--key-file", tmp_path / "sun.key")
    zhida("actor", "retire", "sun")
    assert states(zhida) == {"grant@1": "reviewed"}
    refused = zhida("policy", "approve", "grant@1", "--as", "sun",
                    "--key-file", tmp_path / "sun.key", ends=1)  # fmt: skip
    assert "has ended" in str(refused.exception)


def test_whoever_does_not_say_who_acts_is_asked(zhida: Zhida, tmp_path: Path) -> None:
    refused = zhida("policy", "submit", write(tmp_path), ends=1)
    assert "--as NAME, or set ZHIDA_ACTOR" in str(refused.exception)


def test_an_adopted_policy_is_submitted_as_adopted_and_runs_as_such(
    zhida: Zhida, tmp_path: Path
) -> None:
    deliver(zhida, tmp_path)
    path = write(tmp_path)
    text = path.read_text(encoding="utf-8").replace("level: city", 'level: city\nregion: "110000"')
    path.write_text(text, encoding="utf-8")
    publish(zhida, path)
    assert run(zhida)["awards_opened"] == 0
    refused = zhida("run", "--policies", path, "--adopt", "990100", ends=1)
    assert "grant@1 is published with other content" in str(refused.exception)
    assert zhida("run", "--adopt", "990100", ends=2)
    told = run(zhida, "--trial", "--policies", path, "--adopt", "990100")
    assert [one["eligible"] for one in told["policies"]] == [1]
    adopted = path.read_text(encoding="utf-8").replace("policy: grant", "policy: adopted")
    path.write_text(adopted, encoding="utf-8")
    zhida("policy", "submit", path, "--as", "wang", "--adopt", "990100")
    for step, words in (("review", ()), ("approve", ()), ("publish", LATE)):
        shown = zhida("policy", step, "adopted@1", "--as", "li", *words).stdout
        assert "adopted by 990100" in shown
    assert run(zhida)["awards_opened"] == 1
    assert json.loads(zhida("explain", INSURED, "adopted", "--format", "json").stdout)


@pytest.mark.parametrize("code", ["abc", "99010", "9901000000000000", ""])
def test_what_is_no_region_adopts_nothing(zhida: Zhida, tmp_path: Path, code: str) -> None:
    words = ("--as", "wang", "--adopt", code)
    refused = zhida("policy", "submit", write(tmp_path), *words, ends=1)
    assert "no region's code" in str(refused.exception)


def test_whose_key_is_not_here_is_told_so(zhida: Zhida, tmp_path: Path) -> None:
    refused = zhida("policy", "submit", write(tmp_path), "--as", "nobody", ends=1)
    assert "there is no key of nobody" in str(refused.exception)
    assert "--key-file" in str(refused.exception)


# to another installation


@pytest.fixture
def elsewhere(tmp_path: Path, zhida: Zhida) -> Zhida:
    """Another installation, that knows li by key and has an approver of its own."""
    call = command(tmp_path / "elsewhere")
    call("init")
    call("actor", "add", "province", "--public-key", tmp_path / "home" / "keys" / "li.pub")
    call("actor", "add", "zhou", "--role", "approver")
    return call


def archive_of(zhida: Zhida, tmp_path: Path) -> Path:
    publish(zhida, write(tmp_path))
    publish(zhida, write(tmp_path, "second"), "second@1")
    out = tmp_path / "policies.json"
    zhida("policy", "export", out, "--as", "li")
    return out


def import_archive(
    elsewhere: Zhida, tmp_path: Path, file: Path, *words: object, ends: int = 0
) -> Result:
    trust = tmp_path / "home" / "keys" / "li.pub"
    return elsewhere("policy", "import", file, "--trust", trust, "--as", "zhou", *LATE, ends=ends)


def test_published_policies_go_to_another_installation_and_run_there(
    zhida: Zhida, elsewhere: Zhida, tmp_path: Path
) -> None:
    deliver(elsewhere, tmp_path)
    out = archive_of(zhida, tmp_path)
    assert "2 taken in, 0 there already" in import_archive(elsewhere, tmp_path, out).stdout
    assert states(elsewhere) == {"grant@1": "published", "second@1": "published"}
    assert run(elsewhere)["awards_opened"] == 2
    assert "0 taken in, 2 there already" in import_archive(elsewhere, tmp_path, out).stdout
    kinds = [entry.kind for entry in journal(tmp_path / "elsewhere")]
    assert kinds.count("policy.imported") == 2
    assert "whole" in elsewhere("verify").stdout
    # and on to a third, with the acts of both
    elsewhere("actor", "roles", "zhou", "--grant", "operator")
    elsewhere("policy", "export", tmp_path / "on.json", "--as", "zhou")
    manifest = json.loads((tmp_path / "on.json").read_text(encoding="utf-8"))["manifest"]
    steps = [act["step"] for act in manifest["releases"][0]["acts"]]
    assert steps == ["submitted", "reviewed", "approved", "published", "imported"]
    third = command(tmp_path / "third")
    third("init")
    pub = tmp_path / "elsewhere" / "keys" / "zhou.pub"
    third("actor", "add", "city", "--public-key", pub)
    third("actor", "add", "wu", "--role", "approver")
    words = ("policy", "import", tmp_path / "on.json", "--trust", pub, "--as", "wu", *LATE)
    assert "2 taken in" in third(*words).stdout


def test_what_is_withdrawn_is_not_exported(zhida: Zhida, tmp_path: Path) -> None:
    publish(zhida, write(tmp_path))
    zhida("policy", "withdraw", "grant@1", "--as", "li", "--reason", "废止")
    done = zhida("policy", "export", tmp_path / "out.json", "--as", "li")
    assert "0 published policies" in done.stdout
    assert "grant@1" in done.stderr
    zhida("policy", "export", tmp_path / "out.json", "--as", "li", ends=1)  # it is there


def alter_reason(value: Any) -> None:
    value["manifest"]["releases"][0]["acts"][0]["reason"] = "x"


def alter_hash(value: Any) -> None:
    value["manifest"]["releases"][0]["content_hash"] = "0" * 64


def alter_file(value: Any) -> None:
    name = next(iter(value["files"]))
    value["files"][name] = value["files"][name][4:]


def drop_file(value: Any) -> None:
    value["files"].popitem()


def drop_release(value: Any) -> None:
    value["manifest"]["releases"].pop()


def add_key(value: Any) -> None:
    value["manifest"]["more"] = 1


def climb(value: Any) -> None:
    files = value["manifest"]["releases"][0]["files"]
    files["policy/../../etc/cron.d/x"] = files.pop("policy/policy.yaml")


@pytest.mark.parametrize(
    "alter", [alter_reason, alter_hash, alter_file, drop_file, drop_release, add_key, climb]
)
def test_an_altered_archive_is_refused_as_a_whole(
    zhida: Zhida, elsewhere: Zhida, tmp_path: Path, alter: Callable[[Any], None]
) -> None:
    out = archive_of(zhida, tmp_path)
    value = json.loads(out.read_text(encoding="utf-8"))
    alter(value)
    out.write_text(json.dumps(value), encoding="utf-8")
    told = str(import_archive(elsewhere, tmp_path, out, ends=1).exception)
    assert "altered" in told or "no archive" in told
    assert states(elsewhere) == {}
    assert not list(tmp_path.rglob("cron.d"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"[]", b"{}", b'{"a":' * 100_000, b"\xff"])
def test_what_is_no_archive_is_refused(elsewhere: Zhida, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.json"
    file.write_bytes(content)
    assert "no archive" in str(import_archive(elsewhere, tmp_path, file, ends=1).exception)


def test_an_archive_too_large_is_not_read(elsewhere: Zhida, tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    with file.open("wb") as written:
        written.truncate(64 * 1024 * 1024 + 1)
    assert "larger than 64 MiB" in str(import_archive(elsewhere, tmp_path, file, ends=1).exception)


def test_an_archive_of_a_key_that_is_not_trusted_is_refused(
    zhida: Zhida, elsewhere: Zhida, tmp_path: Path
) -> None:
    out = archive_of(zhida, tmp_path)
    trust = tmp_path / "home" / "keys" / "wang.pub"
    words = ("policy", "import", out, "--trust", trust, "--as", "zhou", *LATE)
    assert "not with the one that you trust" in str(elsewhere(*words, ends=1).exception)


def test_an_approver_brings_nothing_in_with_a_key_of_their_own_making(
    tmp_path: Path, elsewhere: Zhida
) -> None:
    """One person, with every role in an installation of their own, is one person."""
    mine = command(tmp_path / "mine")
    mine("init")
    for name in ("a", "b"):
        roles = ("author", "reviewer", "approver", "operator")
        mine("actor", "add", name, *(word for role in roles for word in ("--role", role)))
    path = write(tmp_path)
    mine("policy", "submit", path, "--as", "a")
    for step, more in (("review", ()), ("approve", ()), ("publish", LATE)):
        mine("policy", step, "grant@1", "--as", "b", *more)
    mine("policy", "export", tmp_path / "mine.json", "--as", "b")
    words = ("policy", "import", tmp_path / "mine.json", "--as", "zhou", *LATE)
    trust = ("--trust", tmp_path / "mine" / "keys" / "b.pub")
    assert "belongs to no actor here" in str(elsewhere(*words, *trust, ends=1).exception)
    assert states(elsewhere) == {}


def test_whoever_wrote_or_exported_a_policy_does_not_import_it(
    zhida: Zhida, tmp_path: Path
) -> None:
    out = archive_of(zhida, tmp_path)
    keys = tmp_path / "home" / "keys"
    other = command(tmp_path / "other")
    other("init")
    for name in ("wang", "li"):
        other("actor", "add", name, "--role", "approver", "--public-key", keys / f"{name}.pub")
        words = ("--trust", keys / "li.pub", "--as", name, "--key-file", keys / f"{name}.key")
        refused = other("policy", "import", out, *words, *LATE, ends=1) if name == "li" else None
        if refused is not None:
            assert "somebody else has to import it" in str(refused.exception)
    words = ("--trust", keys / "li.pub", "--as", "wang", "--key-file", keys / "wang.key")
    refused = other("policy", "import", out, *words, *LATE, ends=1)
    assert "wang wrote a policy of this archive" in str(refused.exception)
