"""Notices of a run: what recipients are told of a policy, and their delivery."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Engine

from console.settings import Settings
from engine.program import Program
from ledger.database import reading
from ledger.journal import seal
from notifier.channels.channel import Channel
from notifier.channels.inbox import Inbox
from notifier.channels.maildir import Maildir
from notifier.compose import compose_notices
from notifier.errors import CardMissing
from notifier.notice import PolicyCard
from notifier.outbox import DeliveryReport, deliver_pending
from policies.act import list_standings
from policies.each import facts_of_rows
from policies.policy import Clause, ClauseGroup, Policy
from policies.release import load_releases
from profiles.fact import Vocabulary
from profiles.ingest import Progress


def tell_recipients(
    settings: Settings, engine: Engine, program: Program, *, now: datetime, tell: Progress
) -> tuple[int, DeliveryReport]:
    """Seal the journal, compose notices from it, and deliver what is due."""
    tell("sealing the journal", 0, 1)
    seal(engine, now=now)
    tell("composing notices", 0, 1)
    cards = {policy.id: card_of(policy, program.vocabulary) for policy in program.policies}
    cards |= {policy.key: card_of(policy, program.vocabulary) for policy in program.policies}
    channels: Mapping[str, Channel] = {
        "inbox": Inbox(engine=engine),
        "maildir": Maildir(path=settings.maildir),
    }
    try:
        notices = compose_notices(engine, cards, now=now, channels=tuple(channels))
    except CardMissing as missing:
        # of a policy withdrawn since its awards were opened: who has them is told all the same
        cards |= _former_cards(engine, missing.policies, program.vocabulary)
        notices = compose_notices(engine, cards, now=now, channels=tuple(channels))
    report = deliver_pending(
        engine,
        channels,
        now=now,
        worker="console",
        on_progress=lambda done: tell("delivering notices", done, notices * len(channels)),
    )
    return notices, report


def _former_cards(
    engine: Engine, keys: Sequence[str], vocabulary: Vocabulary
) -> dict[str, PolicyCard]:
    """The cards of policies that were published and that this run does not decide."""
    with reading(engine) as connection:
        releases = [
            one.release
            for one in list_standings(connection)
            if one.published is not None and one.release.key in keys
        ]
        policies = load_releases(connection, releases, vocabulary)
    return {policy.key: card_of(policy, vocabulary) for policy in policies}


def card_of(policy: Policy, vocabulary: Vocabulary) -> PolicyCard:
    """What notices say about a policy."""
    contact = " ".join(part for part in (policy.contact_office, policy.contact_phone) if part)
    facts = dict(vocabulary.facts) | {fact.name: fact for fact in policy.facts}
    facts |= facts_of_rows(policy.each) if policy.each else {}
    reasons = (*policy.clauses, *(policy.each.clauses if policy.each else ()))
    return PolicyCard(
        policy=policy.id,
        version=policy.version,
        title_zh=policy.title_zh,
        title_en=policy.title_en or policy.title_zh,
        authority=policy.authority,
        basis=tuple(
            " ".join(
                p for p in (f"《{b.document}》" if b.document else "", b.number, b.article) if p
            )
            for b in policy.basis
        ),
        reasons_zh=tuple(_reason(clause, "zh") for clause in reasons),
        reasons_en=tuple(_reason(clause, "en") for clause in reasons),
        delivery=policy.delivery[-1].by,
        contact_zh=contact,
        not_modelled=policy.not_modelled,
        fact_labels={
            name: (fact.label_zh or fact.says or name, fact.label_en or name)
            for name, fact in facts.items()
            if "::" not in name
        },
    )


def _reason(clause: Clause, language: str) -> str:
    """What a clause says; of a `none` also what there must not be."""
    says = (clause.says or clause.id) if language == "zh" else (clause.says_en or clause.id)
    if not isinstance(clause, ClauseGroup) or clause.group != "none":
        return says
    comma, colon = ("、", "：") if language == "zh" else ("; ", ": ")
    return says + colon + comma.join(_reason(member, language) for member in clause.members)
