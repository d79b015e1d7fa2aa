"""Keys beside verdict and amount: read strictly, kept with the policy, and warned of."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from language.errors import FilesRefused
from policies.build_terms import KEPT, KEPT_OF_BENEFIT, KEPT_OF_DELIVERY
from policies.terms import (
    Between,
    Budget,
    Length,
    OnDay,
    PublicNotice,
    Stacking,
    StackingGroup,
    Terms,
    Within,
    reasons_to_hold,
)
from tests.support.policy_texts import load_one, load_text

CLAUSE = "clauses: [{id: a, says: 一, source: 一, when: is_zombie}]\n"
BENEFIT = "benefit: {kind: cash, amount: 1}\n"


def terms_of(folder: Path, text: str) -> Terms:
    body = text if "benefit:" in text else text + BENEFIT
    return load_one(folder, CLAUSE + body).terms


def warnings_of(folder: Path, text: str) -> list[str]:
    body = text if "benefit:" in text else text + BENEFIT
    return [str(warning) for warning in load_text(folder, CLAUSE + body).warnings]


def test_stacking_rules_are_kept_with_what_they_mean(tmp_path: Path) -> None:
    text = (
        "stacking:\n"
        "  excludes: [training-subsidy]\n"
        "  requires: [insured]\n"
        "  group: {name: 护理类, rule: sum-capped, cap: 1.5万}\n"
    )
    group = StackingGroup(name="护理类", rule="sum-capped", cap=Fraction(15_000))
    assert terms_of(tmp_path, text).stacking == Stacking(
        excludes=("training-subsidy",), requires=("insured",), group=group
    )


def test_budget_and_back_pay_are_exact(tmp_path: Path) -> None:
    terms = terms_of(tmp_path, "budget: {amount: 1.2亿, order: ratio}\nback_pay: 3 months\n")
    assert terms.budget == Budget(amount=Fraction(120_000_000), period="year", order="ratio")
    assert terms.back_pay == Length(count=3, unit="month")


@pytest.mark.parametrize(
    ("text", "deadline"),
    [
        ("30 working days", Within(length=Length(count=30, unit="working day"))),
        ("1 working day", Within(length=Length(count=1, unit="working day"))),
        ("2 months", Within(length=Length(count=2, unit="month"))),
        ("30 days after funding", Within(length=Length(count=30, unit="day"), after="funding")),
        ("day 20", OnDay(day=20)),
        ("by 2025-03-31", Between(start=None, end=date(2025, 3, 31))),
        (
            "2025-12-01 to 2025-12-31",
            Between(start=date(2025, 12, 1), end=date(2025, 12, 31)),
        ),
    ],
)
def test_each_form_of_a_deadline_is_read(tmp_path: Path, text: str, deadline: object) -> None:
    assert terms_of(tmp_path, f"deadlines: {{pay: {text}}}\n").deadlines == {"pay": deadline}


def test_a_public_notice_shows_words_and_facts(tmp_path: Path) -> None:
    text = "public_notice: {days: 5 working days, show: [subject_name_masked, amount, ent_size]}\n"
    assert terms_of(tmp_path, text).public_notice == PublicNotice(
        length=Length(count=5, unit="working day"),
        show=("subject_name_masked", "amount", "ent_size"),
    )
    plain = terms_of(tmp_path, "public_notice: {days: 7}\n").public_notice
    assert plain == PublicNotice(length=Length(count=7, unit="day"), show=())


def test_elements_of_a_service_have_their_types(tmp_path: Path) -> None:
    text = (
        'service: {task_type: "05", dept_code: 11330000002482365X, promise_day: 20, is_fee: false, '
        "plan_effective_date: 2025-01-01, handle_flow: [受理, 审核, 拨付]}\n"
    )
    # the check character of the code: GB 32100-2015, worked with python-stdnum
    from stdnum.cn import uscc

    code = "1133000000248236" + "5"
    code += uscc.calc_check_digit(code + "0")
    found = terms_of(tmp_path, text.replace("11330000002482365X", code)).service
    assert found == {
        "task_type": "05",
        "dept_code": code,
        "promise_day": 20,
        "is_fee": False,
        "plan_effective_date": date(2025, 1, 1),
        "handle_flow": ("受理", "审核", "拨付"),
    }


def test_a_delivery_case_keeps_how_it_asks(tmp_path: Path) -> None:
    policy = load_one(
        tmp_path,
        CLAUSE + BENEFIT + "delivery: [{by: confirm, ahead: 2 months, answer: holds until "
        "withdrawn, late: from that month, silence: declines}]\n",
    )
    asking = policy.delivery[0].asking
    assert asking.ahead == Length(count=2, unit="month")
    assert (asking.answer, asking.late, asking.silence) == (
        "holds until withdrawn",
        "from that month",
        "declines",
    )


KEPT_TEXTS = {
    "back_pay": "back_pay: 3 months\n",
    "recipient": "recipient: guardian\n",
    "deadlines": "deadlines: {pay: 5 working days}\n",
    "public_notice": "public_notice: {days: 7}\n",
    "service": "service: {task_type: '05'}\n",
    "payee": "benefit: {amount: 1, payee: 示范银行}\n",
    "through": "benefit: {amount: 1, through: bank}\n",
    "ahead": "delivery: [{by: confirm, ahead: 2 months}]\n",
    "answer": "delivery: [{by: confirm, answer: for each period}]\n",
    "late": "delivery: [{by: confirm, late: lost}]\n",
    "silence": "delivery: [{by: confirm, silence: declines}]\n",
}


@pytest.mark.parametrize("key", [*KEPT, *KEPT_OF_BENEFIT, *KEPT_OF_DELIVERY])
def test_a_key_that_nothing_acts_on_is_warned_of(tmp_path: Path, key: str) -> None:
    told = f'"{key}" is kept with the policy; nothing acts on it yet'
    assert any(told in warning for warning in warnings_of(tmp_path, KEPT_TEXTS[key]))


HELD = {"recipient", "payee"}


@pytest.mark.parametrize("key", list(KEPT_TEXTS))
def test_what_could_misspend_money_is_held_and_said_so(tmp_path: Path, key: str) -> None:
    terms = terms_of(tmp_path, KEPT_TEXTS[key])
    warned = any("opens no award" in w for w in warnings_of(tmp_path, KEPT_TEXTS[key]))
    assert bool(reasons_to_hold(terms)) is warned is (key in HELD)


def test_a_payee_is_the_recipient_unless_named(tmp_path: Path) -> None:
    terms = terms_of(tmp_path, "recipient: guardian\n")
    assert (terms.recipient, terms.payee) == ("guardian", "guardian")
    assert len(reasons_to_hold(terms)) == 1
    to_the_child = terms_of(tmp_path, "recipient: guardian\nbenefit: {amount: 1, payee: subject}\n")
    assert (to_the_child.recipient, to_the_child.payee) == ("guardian", "subject")


def test_naming_the_subject_says_nothing_new(tmp_path: Path) -> None:
    text = "recipient: subject\nbenefit: {amount: 1, payee: subject}\n"
    assert reasons_to_hold(terms_of(tmp_path, text)) == ()
    assert not any("nothing acts on it" in warning for warning in warnings_of(tmp_path, text))


REFUSED = {
    "an unknown key": ("stacking: {exclude: [other]}\n", 'unknown key "exclude"', '"excludes"'),
    "an unknown rule": ("stacking: {group: {name: x, rule: highst}}\n", '"highst"', "highest"),
    "a capped group without a cap": (
        "stacking: {group: {name: x, rule: sum-capped}}\n", "do not fit", "needs it",
    ),
    "a cap without its rule": (
        "stacking: {group: {name: x, rule: highest, cap: 5}}\n", "do not fit", "sum-capped",
    ),
    "itself": ("stacking: {excludes: [written]}\n", "this policy itself", "another"),
    "no id": ("stacking: {excludes: [Other]}\n", "no id of a policy", "a-z"),
    "required and excluded": (
        "stacking: {excludes: [x], requires: [x]}\n", "required and excluded", "",
    ),
    "no rule at all": ("stacking: {}\n", "are empty", "excludes"),
    "a budget of nothing": ("budget: {amount: 0}\n", "not above zero", ""),
    "a budget in words": ("budget: {amount: much}\n", "is not a number", ""),
    "an order that is none": ("budget: {amount: 1, order: first}\n", '"first"', "earliest"),
    "back pay of years": ("back_pay: 3 years\n", "no length of time", "3 months"),
    "a recipient with spaces": ("recipient: the guardian\n", "no relation", "guardian"),
    "an empty payee": ('benefit: {amount: 1, payee: ""}\n', '"payee" is empty', "name"),
    "a deadline in words": ("deadlines: {pay: soon}\n", "is no deadline", "working days"),
    "no such step": ("deadlines: {payment: 5 days}\n", 'unknown key "payment"', ""),
    "no such event": ("deadlines: {pay: 5 days after fundng}\n", '"fundng"', '"funding"'),
    "no such day": ("deadlines: {pay: by 2025-02-30}\n", "is not a day", ""),
    "an end before its beginning": (
        "deadlines: {pay: 2025-02-02 to 2025-02-01}\n", "ends before", "",
    ),
    "a notice of weeks": ("public_notice: {days: 2 weeks}\n", "no length of time", "working days"),
    "a fact that is none": (
        "public_notice: {days: 7, show: [ent_siz]}\n", 'cannot show "ent_siz"', '"ent_size"',
    ),
    "an unknown element": ("service: {task_typ: x}\n", 'unknown key "task_typ"', '"task_type"'),
    "an element that is no number": ("service: {promise_day: few}\n", "whole number", "digits"),
    "a code with a slip": ("service: {dept_code: 113300000024823650}\n", "credit code", ""),
    "ahead by an age": (
        "delivery: [{by: confirm, ahead: an age}]\n", "no length of time", "months",
    ),
    "silence that means something else": (
        "delivery: [{by: confirm, silence: golden}]\n", '"golden"', "declines",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_slip_in_the_terms_is_refused_with_a_remedy(tmp_path: Path, name: str) -> None:
    text, message, remedy = REFUSED[name]
    body = text if "benefit:" in text else text + BENEFIT
    with pytest.raises(FilesRefused) as refused:
        load_text(tmp_path, CLAUSE + body)
    (problem,) = refused.value.problems
    assert message in problem.message
    assert remedy in problem.remedy
    assert problem.line > 7
    assert problem.column > 1
