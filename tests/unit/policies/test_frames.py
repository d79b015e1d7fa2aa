"""Frames: a merged policy means what it would mean written flat, and differs where it may."""

from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from engine.examples import run_examples
from language.errors import FilesRefused, Problem
from policies.load import Loaded, load_policies
from policies.policy import Policy
from tests.support.policy_texts import vocabulary

FRAME = """\
policy: shared
kind: frame
version: 1
title: {zh: 母本}
audience: enterprise
authority: 国家局
level: national
basis: [{document: 国家办法}]
per: year
parameters:
  rate:
    label: 比例
    by: ent_size
    local: {required: true, at_most: {large: 50%, "medium, small, micro": 90%}}
  cap:
    label: 上限
    value: 500
    source: 国家办法 三
    local: {may: true, at_most: 1000, at_least: 100}
  floor: {value: 10, source: 国家办法 四}
facts:
  half: {label: 一半, type: number, is: revenue / 2, local: {may: true}}
  quarter: {is: half / 2}
clauses:
  - {id: alive, says: 不是僵尸企业, source: 国家办法 一, when: not is_zombie}
  - id: honest
    says: 诚信
    all:
      - {id: listed, says: 不在名录, when: not credit_abnormal_operation, local: {may: true}}
      - {id: dishonest, says: 未失信, when: not credit_serious_dishonest}
  - {id: large-enough, says: 足够大, when: quarter >= floor, local: {may: true}}
benefit:
  kind: cash
  amount: [revenue, {times: rate}, {at_most: cap}]
  local: {amount: {may: true}}
contact: {office: 国家局, phone: "12333"}
not_modelled: [{says: 国家不能核}]
"""

OWN = """\
policy: own
implements: shared
version: 1
title: {zh: 本省}
authority: 省局
level: province
region: "440000"
basis: [{document: 省办法}]
parameters:
  rate: {source: 省办法 一, rows: {large: 20%, "medium, small, micro": 40%}}
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return path


def load_both(folder: Path, own: str, frame: str = FRAME) -> Loaded:
    paths = [write(folder, "own.yaml", own), write(folder, "frame.yaml", frame)]
    return load_policies(paths, vocabulary())


def own_policy(folder: Path, own: str, frame: str = FRAME) -> Policy:
    (policy,) = load_both(folder, own, frame).policies
    return policy


def problems_of(folder: Path, own: str, frame: str = FRAME) -> list[Problem]:
    with pytest.raises(FilesRefused) as refused:
        load_both(folder, own, frame)
    return refused.value.problems


def the_problem(folder: Path, own: str, frame: str = FRAME) -> Problem:
    found = problems_of(folder, own, frame)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


def test_a_merged_policy_is_the_policy_written_flat(tmp_path: Path) -> None:
    own = OWN + (
        "  cap: {value: 800, source: 省办法 二}\n"
        "  extra: {value: 3, source: 省办法 三}\n"
        "facts: {half: {is: revenue / 4}}\n"
        "without: [listed]\n"
        "clauses:\n"
        "  - {id: large-enough, says: 更大, when: quarter >= floor + extra}\n"
        "  - {id: not-abnormal, says: 正常, when: policy_compliant}\n"
        "not_modelled: [{says: 本省不能核}]\n"
        "delivery: invite\n"
    )
    flat = """\
        policy: own
        version: 1
        title: {zh: 本省}
        audience: enterprise
        authority: 省局
        level: province
        region: "440000"
        basis: [{document: 省办法}]
        per: year
        parameters:
          rate:
            label: 比例
            by: ent_size
            source: 省办法 一
            rows: {large: 20%, "medium, small, micro": 40%}
          cap: {label: 上限, value: 800, source: 省办法 二}
          floor: {value: 10, source: 国家办法 四}
          extra: {value: 3, source: 省办法 三}
        facts:
          half: {label: 一半, type: number, is: revenue / 4}
          quarter: {is: half / 2}
        clauses:
          - {id: alive, says: 不是僵尸企业, source: 国家办法 一, when: not is_zombie}
          - id: honest
            says: 诚信
            all:
              - {id: dishonest, says: 未失信, when: not credit_serious_dishonest}
          - {id: large-enough, says: 更大, when: quarter >= floor + extra}
          - {id: not-abnormal, says: 正常, when: policy_compliant}
        benefit: {kind: cash, amount: [revenue, {times: rate}, {at_most: cap}]}
        contact: {office: 国家局, phone: "12333"}
        not_modelled: [{says: 本省不能核}, {says: 国家不能核}]
        delivery: invite
        """
    merged = own_policy(tmp_path, own)
    (written,) = load_policies([write(tmp_path, "flat.yaml", flat)], vocabulary()).policies
    plain: dict[str, Any] = {"frame": None, "file": "", "content_hash": ""}
    assert replace(merged, **plain) == replace(written, **plain)
    assert merged.frame is not None
    assert merged.frame.frame == "shared@1"
    assert merged.frame.dropped == (("clauses", "listed"),)
    assert set(merged.frame.replaced) == {
        ("parameters", "rate"),
        ("parameters", "cap"),
        ("facts", "half"),
        ("clauses", "large-enough"),
    }
    assert set(merged.frame.added) == {("parameters", "extra"), ("clauses", "not-abnormal")}
    assert ("clauses", "alive") in merged.frame.taken


def test_the_hash_covers_what_the_frame_says(tmp_path: Path) -> None:
    first = own_policy(tmp_path, OWN)
    moved = own_policy(tmp_path, OWN, FRAME.replace("floor: {value: 10", "floor: {value: 11"))
    renamed = own_policy(tmp_path, OWN, FRAME.replace("title: {zh: 母本}", "title: {zh: 新母本}"))
    assert first.content_hash != moved.content_hash
    assert first.content_hash == renamed.content_hash


def test_a_frame_and_its_policies_may_stand_in_one_file_in_any_order(tmp_path: Path) -> None:
    path = write(tmp_path, "both.yaml", OWN + "---\n" + FRAME)
    loaded = load_policies([path], vocabulary())
    assert [policy.id for policy in loaded.policies] == ["own"]
    assert [frame.id for frame in loaded.frames] == ["shared"]


def test_a_frame_of_the_catalogue_is_found_and_its_file_named(tmp_path: Path) -> None:
    own = """\
        policy: another-province
        implements: job-retention-refund
        version: 1
        title: {zh: 另一省}
        authority: 省局
        level: province
        parameters: {refund_rate: {source: 一, rows: {large: 25%, "medium, small, micro": 50%}}}
        examples:
          as_of: 2025-09-01
          cases:
            - name: a small firm
              given:
                ent_size: small
                ui_paid_months: 12
                ui_insured_count: 30
                layoff_rate_pct: 20
                ui_premium_prev_year: 1000
              expect: {verdict: eligible, amount: 500}
        """
    loaded = load_policies([write(tmp_path, "own.yaml", own)], vocabulary())
    (policy,) = loaded.policies
    assert [result.differences for result in run_examples(policy, vocabulary())] == [()]
    assert [path.name for path in loaded.files] == ["own.yaml", "frame-job-retention-refund.yaml"]


def test_a_slip_in_a_frame_is_told_once_in_the_frames_file(tmp_path: Path) -> None:
    frame = FRAME.replace("when: not is_zombie", "when: not is_zombi")
    other = OWN.replace("policy: own", "policy: other")
    problem = the_problem(tmp_path, OWN + "---\n" + other, frame)
    assert problem.file.endswith("frame.yaml")
    assert 'unknown fact "is_zombi"' in problem.message
    line = frame.splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].startswith(("is_zombi", "not is_zombi"))


def test_a_group_that_is_local_may_be_replaced_in_part(tmp_path: Path) -> None:
    frame = FRAME.replace("    says: 诚信\n", "    says: 诚信\n    local: {may: true}\n")
    policy = own_policy(tmp_path, OWN + "without: [dishonest]\n", frame)
    assert policy.frame is not None
    assert policy.frame.dropped == (("clauses", "dishonest"),)


def test_a_clause_that_stands_in_a_replaced_group_is_added(tmp_path: Path) -> None:
    frame = FRAME.replace("    says: 诚信\n", "    says: 诚信\n    local: {may: true}\n")
    own = OWN + (
        "clauses:\n"
        "  - {id: honest, says: 诚信, when: policy_compliant}\n"
        "  - {id: listed, says: 名录, when: not is_zombie}\n"
    )
    assert [clause.id for clause in own_policy(tmp_path, own, frame).clauses] == [
        "alive",
        "honest",
        "large-enough",
        "listed",
    ]


def test_what_an_implementation_leaves_without_a_use_is_no_slip_of_its(tmp_path: Path) -> None:
    write(tmp_path, "frame.yaml", FRAME)
    write(tmp_path, "own.yaml", OWN + "without: [large-enough]\n")
    warnings = [str(warning) for warning in load_policies([tmp_path], vocabulary()).warnings]
    assert not [warning for warning in warnings if "never used" in warning]


def test_of_several_versions_one_is_named(tmp_path: Path) -> None:
    frames = FRAME + "---\n" + FRAME.replace("version: 1", "version: 2").replace("10,", "20,")
    problem = the_problem(tmp_path, OWN, frames)
    assert "several versions" in problem.message
    assert "shared@1, shared@2" in problem.remedy
    named = own_policy(tmp_path, OWN.replace("shared", "shared@2"), frames)
    assert named.frame is not None
    assert named.frame.frame == "shared@2"


def test_a_frame_that_nothing_implements_is_warned_of_and_still_checked(tmp_path: Path) -> None:
    alone = FRAME.replace("required: true", "may: true").replace(
        "    label: 比例", "    rows: {else: 10%}\n    label: 比例"
    )
    path = write(tmp_path, "frame.yaml", alone)
    loaded = load_policies([path], vocabulary())
    assert loaded.policies == ()
    assert any("no policy here implements" in str(warning) for warning in loaded.warnings)
    path.write_text(alone.replace("revenue / 2", "revenu / 2"), encoding="utf-8")
    with pytest.raises(FilesRefused, match="revenu"):
        load_policies([path], vocabulary())


REFUSED = {
    # what the frame demands
    "a required parameter": (
        OWN.split("parameters:")[0], 'leaves "rate" to its implementations', "parameters",
    ),
    # what the frame keeps
    "a parameter that is not local": (
        OWN + "  floor: {value: 5, source: 一}\n", '"floor" is said by frame "shared"', "local",
    ),
    "a clause that is not local": (
        OWN + "clauses: [{id: alive, says: 一, when: is_zombie}]\n", '"alive" is said by', "local",
    ),
    "a key of the benefit": (OWN + "benefit: {kind: relief}\n", '"kind" is said by', "local"),
    "a fact that is not local": (
        OWN + "facts: {quarter: {is: half / 3}}\n", '"quarter" is said by', "local",
    ),
    "another audience": (OWN + "audience: resident\n", '"audience" is said by', "leave it out"),
    "another period": (OWN + "per: month\n", '"per" is said by', "leave it out"),
    "without what is not local": (OWN + "without: [alive]\n", '"alive" is said by', "local"),
    "without what is not there": (
        OWN + "without: [lited]\n", 'has no clause "lited"', 'did you mean "listed"?',
    ),
    "dropped and given": (
        OWN + "without: [large-enough]\nclauses: [{id: large-enough, says: 一, when: is_zombie}]\n",
        "dropped and given", "keep one",
    ),
    # bounds
    "a row above its bound": (
        OWN.replace("large: 20%", "large: 51%"), '"rate" is 51% for large, above the bound 0.5',
        "keep within",
    ),
    "one of several keys above its bound": (
        OWN.replace("small, micro\": 40%", "small, micro\": 91%"),
        '"rate" is 91% for medium, above the bound 0.9', "keep within",
    ),
    "a row for all others": (
        OWN.replace('{large: 20%, "medium, small, micro": 40%}', "{small: 60%, else: 60%}"),
        '"rate" is 60% for large, above the bound 0.5', "keep within",
    ),
    "a value above": (
        OWN + "  cap: {value: 1001, source: 一}\n", '"cap" is 1001, above the bound 1000', "keep",
    ),
    "a value below": (
        OWN + "  cap: {value: 99, source: 一}\n", '"cap" is 99, below the bound 100', "keep",
    ),
    "a dated value above": (
        OWN + "  cap:\n    values:\n      - {from: 2024-01-01, value: 500, source: 一}\n"
        "      - {from: 2025-01-01, value: 2000, source: 二}\n",
        '"cap" is 2000, above the bound 1000', "keep",
    ),
    # what it implements
    "a frame that is not there": (
        OWN.replace("implements: shared", "implements: shard"), 'no frame "shard"', '"shared"',
    ),
    "a policy that is no frame": (
        OWN.replace("implements: shared", "implements: own"), 'no frame "own"', "",
    ),
    "without a frame": (
        OWN.replace("implements: shared\n", "without: [alive]\n"), "there is no frame", "name",
    ),
    "local of no frame": (
        OWN + "  cap: {value: 200, local: {may: true}}\n", "belongs to a frame", "kind: frame",
    ),
    "a typo": (OWN + "clause: []\n", 'unknown key "clause"', '"clauses"'),
    "no title": (OWN.replace("title: {zh: 本省}\n", ""), 'key "title" is missing', "add"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_an_implementation_may_not_say_is_refused_in_its_file(
    tmp_path: Path, name: str
) -> None:
    own, message, remedy = REFUSED[name]
    problem = the_problem(tmp_path, own)
    assert message in problem.message
    assert remedy in problem.remedy
    assert problem.file.endswith("own.yaml")
    if "said by" in message or "bound" in message or "leaves" in message:
        assert "frame.yaml:" in problem.message


def test_an_implementation_holds_within_the_region_of_its_frame(tmp_path: Path) -> None:
    frame = FRAME + 'region: {in: ["440000", "370000"], except: ["440300"]}\n'
    for region in ("深圳", '{of: ent_region, in: ["4401"]}', '"370000"'):
        own = OWN.replace('region: "440000"', f"region: {region}")
        assert own_policy(tmp_path, own, frame)
    problem = the_problem(tmp_path, OWN.replace('"440000"', '"350000"'), frame)
    assert 'outside that of frame "shared"' in problem.message
    inherited = own_policy(tmp_path, OWN.replace('region: "440000"\n', ""), frame)
    assert inherited.region is not None
    assert inherited.region.within == ("44", "37")


REFUSED_FRAMES = {
    "a frame that implements": (FRAME + "implements: other\n", "implements nothing itself"),
    "examples": (FRAME + "examples: {cases: []}\n", "never matched"),
    "no audience": (FRAME.replace("audience: enterprise\n", ""), '"audience" is missing'),
    "a typo": (FRAME + "clause: []\n", 'unknown key "clause"'),
    "a typo in local": (FRAME.replace("{required: true,", "{requird: true,"), '"requird"'),
    "local that says nothing": (
        FRAME.replace("local: {may: true}}\n  quarter", "local: {}}\n  quarter"),
        "says nothing",
    ),
    "local that is no mapping": (
        FRAME.replace("local: {may: true}}\n  quarter", "local: yes}\n  quarter"), "holds keys",
    ),
    "a bound on a clause": (
        FRAME.replace("operation, local: {may: true}", "operation, local: {may: true, at_most: 5}"),
        "belongs to a parameter",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REFUSED_FRAMES))
def test_what_a_frame_may_not_say_is_refused_in_its_file(tmp_path: Path, name: str) -> None:
    frame, message = REFUSED_FRAMES[name]
    problems = problems_of(tmp_path, OWN, frame)
    found = [problem for problem in problems if message in problem.message]
    assert found, [str(problem) for problem in problems]
    assert found[0].file.endswith("frame.yaml")
    assert found[0].line >= 1


BOUNDED = """\
policy: bounded
version: 1
title: {{zh: 上限}}
audience: enterprise
authority: 市局
level: city
basis: [{{document: 办法}}]
parameters:
  x: {}
clauses: [{{id: a, says: 一, when: x > 0}}]
benefit: {{amount: x}}
"""


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("{value: 7801, bounds: {at_most: 7800, source: 国发 一}}", "the bound 7800 of 国发 一"),
        ("{value: 7800, bounds: {at_most: 7800}}", ""),
        ("{value: 7800, bounds: {}}", "without a bound"),
        ("{value: 7800, bounds: {at_most: many}}", "is not a number"),
        ("{value: 7800, bounds: {at_most: {large: 5}}}", "needs a parameter by facts"),
        (
            "{by: revenue, rows: {under 100: 5, from 100: 7}, bounds: {at_most: 6}}",
            '"x" is 7 for 100, above',
        ),
        (
            "{by: revenue, rows: {under 100: 5, from 100: 7}, "
            "bounds: {at_most: {under 50: 4, from 50 under 100: 5, from 100: 7}}}",
            '"x" is 5 for 49.99, above the bound 4',
        ),
        (
            "{by: revenue, rows: {under 100: 5, from 100: 7}, "
            "bounds: {at_most: {under 100: 5, from 100: 7}, at_least: {from 200: 8}}}",
            '"x" is 7 for 200, below the bound 8',
        ),
        (
            "{by: gbt4754_code, system: GB/T 4754-2017, rows: {C: 5, C35: 9}, "
            "bounds: {at_most: {C: 6}}}",
            '"x" is 9 for C35, above the bound 6',
        ),
        (
            "{by: [ent_size, is_zombie], rows: {large: {true: 1, false: 3}, small: {any: 9}}, "
            "bounds: {at_most: {large: {true: 1, false: 2}}}}",
            '"x" is 3 for large, false, above the bound 2',
        ),
        (
            "{by: revenue, tiers: [{over: 0, up_to: 5, rate: 2%}, {over: 5, rate: 4%}], "
            "bounds: {at_most: 3%}}",
            '"x" is 0.04 for over 5, above the bound 0.03',
        ),
        (
            "{by: ent_size, rows: {large: 5, small: unknown}, bounds: {at_most: 5}}",
            "",
        ),
        ("{value: 5, bounds: [{at_most: 6}, {at_least: 6}]}", '"x" is 5, below the bound 6'),
        (
            "{by: revenue, rows: {'up to 5, 7 to 9': 5, else: 1}, bounds: {at_most: {8: 4}}}",
            '"x" is 5 for 8, above the bound 4',
        ),
        (
            "{by: revenue, tiers: [{over: 0, rate: 2%}], bounds: {at_most: {over 0: 3%}}}",
            "needs a value by rows",
        ),
    ],
)
def test_a_parameter_keeps_within_its_bounds(tmp_path: Path, parameter: str, message: str) -> None:
    path = write(tmp_path, "policy.yaml", BOUNDED.format(parameter))
    if not message:
        assert load_policies([path], vocabulary()).policies
        return
    with pytest.raises(FilesRefused) as refused:
        load_policies([path], vocabulary())
    (problem,) = refused.value.problems
    assert message in problem.message
    assert problem.line == 9
