"""Hostile and mistyped files end `zhida check` with a place and what to do, in a child process.

In a child, so that a parser that crashes or hangs is seen as that.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """\
policy: elder-allowance
version: 2025.1
title: {zh: 高龄津贴, en: Old-age allowance}
audience: resident
authority: 示范市民政局
level: city
region: "990100"
basis: [{document: 示范市高龄津贴发放办法, number: 示民发〔2025〕1号}]
effective: {from: 2025-01-01}
per: month
parameters: {allowance: {label: 津贴标准, value: 100, source: 办法 三}}
clauses: [{id: old, says: 年满80周岁, source: 二, when: age >= 80}]
benefit: {kind: cash, amount: allowance}
examples:
  as_of: 2025-09-01
  cases: [{name: 80, given: {age: 80}, expect: {verdict: eligible, amount: 100}}]
"""
FROM = "effective: {from: 2025-01-01}"


def changed(was: str, becomes: str) -> bytes:
    assert was in GOOD
    return GOOD.replace(was, becomes).encode()


ALIASES = "a: &a [x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(20)
)
MERGES = "a: &a {x: y}\nb: &b {<<: *a, z: w}\nc: {<<: [*a, *b]}\n"

HOSTILE: dict[str, tuple[bytes, str, str, str]] = {
    # the file, its place, what is wrong, what to do
    "alias-bomb": (ALIASES.encode(), ":1:4", "aliases", "write the value where"),
    "merge-bomb": (MERGES.encode(), ":1:4", "aliases", "write the value where"),
    "brackets": (b"[" * 100_000, ":1:41", "nested deeper than 40", "split it"),
    "braces": (b"{a: " * 100_000, ":1:161", "nested deeper than 40", "split it"),
    "dashes": (b"- " * 100_000, ":1:81", "nested deeper than 40", "split it"),
    "tag": (b"a: !!python/object/apply:os.system [ls]\n", ":1:4", "tags", "take the tag out"),
    "binary-tag": (b"a: !!binary aGk=\n", ":1:4", "tags", "take the tag out"),
    "key-twice": (
        changed("per: month\n", "per: month\nper: year\n"),
        ":11:1", 'key "per" stands twice', "keep one",
    ),
    "key-twice-in-braces": (
        changed("{kind: cash, ", "{kind: cash, kind: relief, "),
        ":13:23", 'key "kind" stands twice', "keep one",
    ),
    "nul": (b"a: x\0y\n", ":1:5", "control character U+0000", "take it out"),
    "nul-by-an-escape": (b'a: {"b\\0": c}\n', ":1:5", "control character", "take it out"),
    "bell": (b"a: b\nc: x\x07y\n", ":2:5", "control character U+0007", "take it out"),
    "gbk": (GOOD.encode("gbk"), "", "not UTF-8", "save it as UTF-8"),
    "utf-16": (GOOD.encode("utf-16"), "", "not UTF-8", "save it as UTF-8"),
    "no-such-day": (
        changed(FROM, "effective: {from: 2024-02-30}"),
        ":9:19", '"2024-02-30" is not a day', "write 2024-05-01",
    ),
    "long-day": (
        changed(FROM, f"effective: {{from: {'9' * 5000}}}"),
        ":9:19", "is not a day", "write 2024-05-01",
    ),
    "no-as-yes": (
        changed("when: age >= 80", "when: age >= 80, not_yet: NO"),
        ":12:72", '"not_yet" is true or false', "",
    ),
    "long-amount": (
        changed("amount: allowance", f"amount: {'9' * 5000}"),
        ":13:", "longer than 4096 bytes", "split it",
    ),
    "long-budget": (
        changed("per: month\n", f"per: month\nbudget: {{amount: {'9' * 5000}}}\n"),
        ":11:18", "is not a number", "write 1500",
    ),
    "base-sixty-budget": (
        changed("per: month\n", "per: month\nbudget: {amount: 1:0:0}\n"),
        ":11:18", '"1:0:0" is not a number', "write 1500",
    ),
    "base-sixty-amount": (
        changed("amount: allowance", f"amount: 1{':0' * 10_000}"),
        ":13:", "longer than 4096 bytes", "split it",
    ),
    "4-MiB": (b"a: " + b"x" * (4 * 1024 * 1024), "", "larger than 4 MiB", "split it"),
    "a-million-values": (b"- x\n" * 1_000_000, ":150000:3", "150,000 values", "split the file"),
    "many-documents": (b"---\na: b\n" * 100_000, ":2001:1", "1,000 documents", "split the file"),
    "a-list": (b"- a\n- b\n", ":1:1", "a policy holds keys and values", ""),
    "a-text": (b"x\n", ":1:1", "a policy holds keys and values", ""),
    "empty": (b"", "", "the file is empty", ""),
    "only-a-comment": (b"# later\n", "", "the file is empty", ""),
}  # fmt: skip
STRANGE = {
    "as-it-is": GOOD.encode(),
    "byte-order-mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "lines-of-windows": GOOD.replace("\n", "\r\n").encode(),
    "no": changed("authority: 示范市民政局", "authority: NO"),
    "base-sixty": changed("authority: 示范市民政局", "authority: 1:0:0"),
    "5000-digits": changed("authority: 示范市民政局", f"authority: {'9' * 5000}"),
    "octal": changed('region: "990100"', "region: 990100"),
}
ROOT = Path(__file__).parents[2]


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "console.cli", "check", "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=240, cwd=folder, env=environment,
        check=False,
    )  # fmt: skip


def test_hostile_files_end_check_each_with_its_place_and_what_to_do(tmp_path: Path) -> None:
    for number, (name, (content, *_)) in enumerate(HOSTILE.items()):
        named = content.replace(b"policy: elder-allowance", b"policy: elder-allowance-%d" % number)
        (tmp_path / f"{name}.yaml").write_bytes(named)
    done = check(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    for name, (_, place, message, remedy) in HOSTILE.items():
        told = [line for line in lines if line.startswith(f"error {name}.yaml{place}: ") or (
            place.endswith(":") and line.startswith(f"error {name}.yaml{place}"))]  # fmt: skip
        assert len(told) == 1, (name, lines)
        assert message in told[0]
        assert remedy in told[0]
        assert len(told[0]) < 800


@pytest.mark.parametrize("name", ["alias-bomb", "brackets", "dashes", "nul"])
def test_what_could_crash_a_parser_ends_check_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_bytes(HOSTILE[name][0])
    done = check(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error p.yaml{HOSTILE[name][1]}: ")


def test_what_only_looks_strange_is_read_as_it_was_typed(tmp_path: Path) -> None:
    for number, (name, content) in enumerate(STRANGE.items()):
        named = content.replace(b"policy: elder-allowance", b"policy: elder-allowance-%d" % number)
        (tmp_path / f"{name}.yaml").write_bytes(named)
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr
    assert done.stdout.count("1 of 1 examples pass") == len(STRANGE)
