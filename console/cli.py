"""The command `zhida`: every step of the way from a department's file to somebody's inbox.

Exit codes: 0 done; 1 refused or failed, with reasons on the error stream; 2 wrong usage;
3 done, but some input was set aside.
"""

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlalchemy.exc import SQLAlchemyError

from awards.errors import AwardsError
from awards.past import import_past_awards
from console import show
from console.demo import run_demo
from console.errors import ConsoleError, NothingThere
from console.explanation_page import build_page
from console.options import PolicyPaths, VocabularyPaths, one_of
from console.policy_commands import show_catalogue, show_policy
from console.population import count_by_clause, held_back_as_json, list_held_back, origins
from console.settings import Settings, make_home, read_clock, read_key, read_settings
from console.show_explanation import show_explanation
from console.show_population import (
    say_left_out,
    show_counts,
    show_held_back,
    write_counts,
    write_held_back,
)
from console.subject import bounds_for, find_subject
from console.wiring import (
    ACTOR,
    keep_program,
    load_chosen,
    load_kept,
    load_words,
    newest_snapshot,
    opened_database,
    run_once,
    take_snapshot,
)
from engine.by_hand import evaluate_subjects
from engine.errors import EngineError
from engine.examples import run_examples
from engine.explain import explain
from engine.explain_by_hand import explain_subjects
from engine.explanation import Explanation, as_json
from engine.program import Program, compile_policies
from engine.run import last_accepted_run
from engine.shown_value import mask
from language.errors import FilesRefused, Problem
from ledger.database import reading
from ledger.errors import LedgerError
from ledger.journal import seal, verify
from notifier.channels.inbox import read_inbox
from notifier.errors import NotifierError
from policies.errors import PoliciesError
from profiles.errors import DeliveryRefused, ProfilesError
from profiles.fact import Vocabulary
from profiles.hand import read_subjects
from profiles.ingest import ingest
from profiles.sample_city import DEFAULT_SEED, write_city
from profiles.snapshot import Snapshot, open_snapshot

REFUSED, SET_ASIDE = 1, 3

app = typer.Typer(
    name="zhida",
    help="直达: the policy finds the person. Benefits matched to everybody who is owed them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Adopt = Annotated[
    str | None,
    typer.Option(help="Adopt regional policies for this region code, as if it had issued them."),
]
Format = Annotated[str, typer.Option("--format", help="table, or json for a program to read.")]
TableFormat = Annotated[
    str, typer.Option("--format", help="table, or json or csv for a program to read.")
]
Day = Annotated[str | None, typer.Option(help="A day like 2025-10-31.")]


@app.callback()
def home(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Folder of this installation (ZHIDA_HOME, ./zhida-home)."),
    ] = None,
) -> None:
    """直达: the policy finds the person."""
    context.obj = read_settings(home)


def _settings(context: typer.Context) -> Settings:
    settings = context.obj
    assert isinstance(settings, Settings)
    return settings


def _day(text: str | None, default: date) -> date:
    if text is None:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is no day like 2025-10-31') from None


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def _warn(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        show.err.print(f"[yellow]warning[/] {escape(str(problem))}")


@app.command()
def init(context: typer.Context) -> None:
    """Make the home folder, its secret key and the database; again changes nothing."""
    settings = _settings(context)
    made = make_home(settings)
    with opened_database(settings):
        pass
    show.out.print(f"{'made' if made else 'there already'}: {settings.home}")


@app.command("sample-city")
def sample_city(
    folder: Annotated[Path, typer.Argument(help="Where the department files go.")],
    firms: Annotated[int, typer.Option(min=1)] = 20_000,
    residents: Annotated[int, typer.Option(min=1)] = 60_000,
    seed: int = DEFAULT_SEED,
    as_of: Annotated[str, typer.Option(help="The day of delivery.")] = "2025-10-31",
) -> None:
    """Write the department files of a synthetic city, as delivered on a day."""
    day = _day(as_of, date.max)
    with show.progress() as tell:
        try:
            report = write_city(
                folder,
                firms=firms,
                residents=residents,
                seed=seed,
                as_of=day,
                on_progress=lambda done, total: tell("writing the city", done, total),
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    rows = sum(report.rows.values())
    show.out.print(f"{len(report.files)} files with {rows:,} rows in {folder}")


@app.command("ingest")
def ingest_files(
    context: typer.Context,
    sources: Annotated[list[Path], typer.Argument(help="CSV or Parquet files, or folders.")],
    dataset: Annotated[
        str | None, typer.Option(help="The dataset (default: named like the file).")
    ] = None,
    delivered_on: Day = None,
    output: Format = "table",
) -> None:
    """Take department files in as releases; rows that cannot be used are quarantined."""
    settings = _settings(context)
    read_key(settings)
    vocabulary = load_words()
    day = _day(delivered_on, read_clock().date())
    files = [f for s in sources for f in (sorted(s.iterdir()) if s.is_dir() else [s])]
    reports, refused = [], []
    if not files:
        raise NothingThere("there is no file to take in")
    with show.progress() as tell:
        for number, file in enumerate(files):
            tell("taking in files", number, len(files))
            name = dataset or file.stem
            if name not in vocabulary.datasets:
                refused.append(f"{file.name}: there is no dataset {name} (name one: --dataset)")
                continue
            try:
                reports.append(
                    ingest(
                        file,
                        vocabulary.datasets[name],
                        root=settings.releases,
                        delivered_on=day,
                    )
                )
            except DeliveryRefused as error:
                refused.append(str(error))
        tell("taking in files", len(files), len(files))
    if output == "json":
        _print_json(
            [
                {
                    "dataset": report.release.dataset,
                    "release": report.release.hash,
                    "created": report.created,
                    "rows_in": report.release.rows_in,
                    "accepted": report.release.rows,
                    "quarantined": dict(report.release.reasons),
                }
                for report in reports
            ]
        )
    else:
        show.show_releases(reports)
    for text in refused:
        show.err.print(f"[red]refused[/] {escape(mask(text))}")
    if refused:
        raise typer.Exit(REFUSED)
    if any(report.release.reasons for report in reports):
        raise typer.Exit(SET_ASIDE)


@app.command()
def snapshot(
    context: typer.Context,
    as_of: Day = None,
    vocabulary: VocabularyPaths = None,
    output: Format = "table",
) -> None:
    """Build the profiles of all subjects as of a day from the releases delivered until then."""
    settings = _settings(context)
    words = load_words(vocabulary or ())
    with show.progress() as tell:
        built = take_snapshot(settings, words, _day(as_of, read_clock().date()), tell)
    if output == "json":
        _print_json(
            {
                "snapshot": built.hash,
                "as_of": built.as_of,
                "subjects": {
                    kind: sum(part.subjects for part in built.parts(kind))
                    for kind in ("enterprise", "resident", "household")
                },
                "notes": list(built.notes),
            }
        )
    else:
        show.show_snapshot(built)


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Policy files or folders (default: the catalogue).")
    ] = None,
    vocabulary: VocabularyPaths = None,
    output: Format = "table",
) -> None:
    """Check policy files: every error at once with its place, warnings, and the examples."""
    words = load_words(vocabulary or ())
    loaded = load_chosen(paths or [], words)
    results = [(policy, run_examples(policy, words)) for policy in loaded.policies]
    failed = [(p, r) for p, found in results for r in found if not r.passed]
    if output == "json":
        _print_json(
            {
                "policies": [policy.key for policy in loaded.policies],
                "warnings": [str(warning) for warning in loaded.warnings],
                "failed": [
                    {"policy": r.policy, "example": r.example, "differences": r.differences}
                    for _, r in failed
                ],
            }
        )
    else:
        _warn(loaded.warnings)
        for policy, found in results:
            passed = sum(result.passed for result in found)
            colour = "green" if passed == len(found) else "red"
            told = f"{passed} of {len(found)} examples pass"
            show.out.print(f"[{colour}]{told:>24}[/]  {policy.key}  {policy.title_zh}")
        for policy, result in failed:
            for difference in result.differences:
                text = f"{policy.file}:{result.line}: example {result.example!r}: {difference}"
                show.err.print(f"[red]failed[/] {escape(text)}")
    if failed:
        raise typer.Exit(REFUSED)


app.command("show")(show_policy)
app.command("catalogue")(show_catalogue)


@app.command()
def evaluate(
    subjects: Annotated[Path, typer.Option(help="Subjects with facts: .jsonl, .csv or .parquet.")],
    policies: PolicyPaths = None,
    as_of: Day = None,
    out: Annotated[Path | None, typer.Option(help="Write result lines here.")] = None,
    vocabulary: VocabularyPaths = None,
) -> None:
    """The pure function: policies on subjects whose facts are given by hand, as JSON lines."""
    words = load_words(vocabulary or ())
    loaded = load_chosen(policies or [], words)
    program = compile_policies(loaded.policies, words)
    try:
        read = read_subjects(subjects)
    except OSError as error:
        raise NothingThere(f"{subjects}: cannot be read ({error.strerror})") from None
    day = _day(as_of, read_clock().date())
    results, troubles = evaluate_subjects(program, read.subjects, day)
    lines = [json.dumps(result.as_json(), ensure_ascii=False) for result in results]
    text = "".join(line + "\n" for line in lines)
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")
    problems = sorted([*read.troubles, *troubles], key=lambda trouble: trouble.line)
    for trouble in problems:
        show.err.print(f"[yellow]{escape(f'{subjects.name}, {trouble}')}[/]")
    if problems:
        raise typer.Exit(SET_ASIDE)


@app.command()
def run(
    context: typer.Context,
    policies: PolicyPaths = None,
    adopt: Adopt = None,
    vocabulary: VocabularyPaths = None,
    output: Format = "table",
) -> None:
    """Evaluate all policies over the newest snapshot, open awards, tell the recipients."""
    settings = _settings(context)
    read_key(settings)
    words = load_words(vocabulary or ())
    loaded = load_chosen(policies or [], words, adopt)
    program = compile_policies(loaded.policies, words)
    built = newest_snapshot(settings)
    keep_program(settings, program, loaded, adopt, vocabulary or [])
    with opened_database(settings) as engine, show.progress() as tell:
        report = run_once(settings, engine, program, built, now=read_clock(), on_progress=tell)
    if output == "json":
        _print_json(
            {
                "run": report.run.id,
                "as_of": report.run.as_of,
                "policies": [
                    {
                        "policy": result.policy.key,
                        "outside": result.outside,
                        "subjects": result.subjects,
                        "eligible": result.eligible,
                        "unknown": result.unknown,
                        "amount_fen": result.amount_fen,
                        "open_amounts": result.open_amounts,
                    }
                    for result in report.results
                ],
                "changes": report.changes.to_dicts(),
                "awards_opened": report.intake.opened,
                "awards_adjusted": report.intake.adjusted,
                "awards_there_already": report.intake.unchanged,
                "matches_held": [asdict(held) for held in report.held],
                "notices": report.notices,
            }
        )
    else:
        show.show_run(report)


@app.command("explain")
def explain_subject(
    context: typer.Context,
    subject: Annotated[
        str | None, typer.Argument(help="A subject id, or a firm's credit code.")
    ] = None,
    policy: Annotated[str | None, typer.Argument(help="One policy's id.")] = None,
    policies: PolicyPaths = None,
    adopt: Adopt = None,
    subjects: Annotated[
        Path | None, typer.Option(help="Facts by hand (.jsonl, .csv, .parquet); needs no home.")
    ] = None,
    whom: Annotated[
        str | None, typer.Option("--subject", help="Whom to explain (also as an argument).")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="With --subjects: a day like 2025-10-31.")] = (
        None
    ),
    vocabulary: VocabularyPaths = None,
    language: Annotated[str, typer.Option("--language", "--lang", help="zh, en or both.")] = "both",
    output: Annotated[str, typer.Option("--format", help="text, json or html.")] = "text",
) -> None:
    """Why a subject has a benefit or not: clause by clause, with every fact and its source."""
    one_of(language, "zh", "en", "both")
    one_of(output, "text", "table", "json", "html")
    if whom is not None and policy is None:
        policy = subject  # with --subject the first argument is the policy
    wanted = whom or subject
    troubles: list[str] = []
    if subjects is not None:
        told, troubles = _explain_by_hand(subjects, wanted, policy, policies, as_of, vocabulary)
    elif wanted is None:
        raise typer.BadParameter("name a subject, or give facts with --subjects")
    else:
        told = _explain_from_snapshot(context, wanted, policy, policies, adopt, vocabulary)
    languages = ("zh", "en") if language == "both" else (language,)
    if output == "json":
        _print_json([as_json(explanation) for explanation in told])
    elif output == "html":
        sys.stdout.write(build_page(told, languages))
    else:
        for explanation in told:
            for spoken in languages:
                show_explanation(explanation, spoken)
                show.out.print()
    for trouble in troubles:
        show.err.print(f"[yellow]{escape(trouble)}[/]")
    if troubles:
        raise typer.Exit(SET_ASIDE)


def _explain_from_snapshot(
    context: typer.Context,
    subject: str,
    policy: str | None,
    policies: list[Path] | None,
    adopt: str | None,
    vocabulary: list[Path] | None,
) -> list[Explanation]:
    settings = _settings(context)
    words = load_words(vocabulary or ())
    program, built = _last_program(settings, words, policies, adopt)
    found = find_subject(settings, built, words.datasets, subject)
    if found is None:
        raise NothingThere(f'"{mask(subject)}" is nobody in the snapshot as of {built.as_of}')
    bounds = bounds_for(program, found.kind, built.as_of, policy)
    if not bounds:
        raise NothingThere(f'no policy "{policy}" for this subject, of kind {found.kind}')
    words = program.vocabulary
    return [
        explain(b, words, found.facts(b), found.subject, found.sources(b), rows=found.rows(b))
        for b in bounds
    ]


def _explain_by_hand(
    file: Path,
    subject: str | None,
    policy: str | None,
    policies: list[Path] | None,
    as_of: str | None,
    vocabulary: list[Path] | None,
) -> tuple[list[Explanation], list[str]]:
    words = load_words(vocabulary or ())
    loaded = load_chosen(policies or [], words)
    chosen = [p for p in loaded.policies if policy in (None, p.id, p.key)]
    if not chosen:
        raise NothingThere(f'no policy "{policy}" among those loaded')
    try:
        read = read_subjects(file)
    except OSError as error:
        raise NothingThere(f"{file}: cannot be read ({error.strerror})") from None
    people = [s for s in read.subjects if subject in (None, s.subject)]
    if not people:
        raise NothingThere(f'"{mask(subject or "")}" is nobody in {file.name}')
    program = compile_policies(chosen, words)
    told, troubles = explain_subjects(program, people, _day(as_of, read_clock().date()))
    return told, [f"{file.name}, {trouble}" for trouble in [*read.troubles, *troubles]]


def _last_program(
    settings: Settings, words: Vocabulary, policies: list[Path] | None, adopt: str | None
) -> tuple[Program, Snapshot]:
    """The policies and the snapshot of the last accepted run, or those that were named."""
    if policies:
        loaded = load_chosen(policies, words, adopt)
        return compile_policies(loaded.policies, words), newest_snapshot(settings)
    with opened_database(settings) as engine, reading(engine) as connection:
        last = last_accepted_run(connection)
    if last is None:
        raise NothingThere("there is no run yet (make one with: zhida run)")
    built = open_snapshot(settings.snapshots / last.snapshot_hash)
    return load_kept(settings, last.program_hash), built


@app.command("clauses")
def clauses_of_everybody(
    context: typer.Context,
    policy: Annotated[str | None, typer.Argument(help="One policy's id (default: all).")] = None,
    policies: PolicyPaths = None,
    adopt: Adopt = None,
    vocabulary: VocabularyPaths = None,
    output: TableFormat = "table",
) -> None:
    """How everybody fares clause by clause: who passes, fails, is unknown, is one clause short."""
    one_of(output, "table", "json", "csv")
    settings = _settings(context)
    program, built = _last_program(settings, load_words(vocabulary or ()), policies, adopt)
    with show.progress() as tell:
        found, left_out = count_by_clause(program, built, policy, tell)
    if not found and not left_out:
        raise NothingThere(f'no policy "{policy}" is in force on {built.as_of}')
    if output == "json":
        _print_json([asdict(counts) for counts in found])
    elif output == "csv":
        write_counts(found)
    else:
        for counts in found:
            show_counts(counts)
    say_left_out(left_out)


@app.command("unknowns")
def unknowns(
    context: typer.Context,
    policies: PolicyPaths = None,
    adopt: Adopt = None,
    vocabulary: VocabularyPaths = None,
    top: Annotated[int, typer.Option(min=1, help="So many facts in the table.")] = 40,
    output: TableFormat = "table",
) -> None:
    """The work list: which missing facts, of which department, hold back whom and how much."""
    one_of(output, "table", "json", "csv")
    settings = _settings(context)
    program, built = _last_program(settings, load_words(vocabulary or ()), policies, adopt)
    with show.progress() as tell:
        found, left_out = list_held_back(program, built, tell)
    where = origins(program, built, {fact.fact for fact in found.by_fact})
    if output == "json":
        _print_json(held_back_as_json(found, where, left_out))
    elif output == "csv":
        write_held_back(found, where)
    else:
        show_held_back(found, where, top)
    say_left_out(left_out)


@app.command()
def inbox(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(help="A subject id, or a firm's credit code.")],
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    output: Format = "table",
) -> None:
    """The notices that a subject has received."""
    settings = _settings(context)
    words = load_words()
    one_of(language, "zh", "en")
    built = newest_snapshot(settings)
    found = find_subject(settings, built, words.datasets, subject)
    wanted = found.subject if found else subject
    with opened_database(settings) as engine, reading(engine) as connection:
        messages = read_inbox(connection, wanted)
    if found is None and not messages:
        raise NothingThere(f'"{mask(subject)}" is nobody in the snapshot as of {built.as_of}')
    if output == "json":
        _print_json(
            [
                {
                    "id": message.message_id,
                    "received_at": message.received_at,
                    "title": {"zh": message.title_zh, "en": message.title_en},
                    "body": {"zh": message.body_zh, "en": message.body_en},
                }
                for message in messages
            ]
        )
    else:
        show.show_inbox(messages, language)


@app.command("import-awards")
def import_awards(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV: policy, kind, identifier, period, amount, …")],
) -> None:
    """Take in awards paid before Zhida, so that no run opens them again."""
    settings = _settings(context)
    with opened_database(settings) as engine:
        report = import_past_awards(
            engine, file, key=read_key(settings), actor=ACTOR, now=read_clock()
        )
    show.out.print(f"{report.imported:,} imported, {report.existing:,} there already")
    for bad in report.bad:
        show.err.print(f"[yellow]{escape(mask(f'line {bad.line}: {bad.reason}'))}[/]")
    if report.bad:
        raise typer.Exit(SET_ASIDE)


@app.command("verify")
def verify_journal(context: typer.Context) -> None:
    """Check the journal's chain from its first entry to its last."""
    with opened_database(_settings(context)) as engine:
        seal(engine, now=read_clock())  # what is not in the chain yet could not be verified
        with reading(engine) as connection:
            checkpoint = verify(connection)
    show.out.print(f"the journal is whole: {checkpoint.sequence:,} entries, {checkpoint.hash[:16]}")


@app.command()
def demo(
    context: typer.Context,
    firms: Annotated[int, typer.Option(min=1)] = 20_000,
    residents: Annotated[int, typer.Option(min=1)] = 60_000,
) -> None:
    """A synthetic city, two deliveries a month apart, two runs, explained."""
    run_demo(_settings(context), firms=firms, residents=residents)


KNOWN_ERRORS = (
    FilesRefused,
    ConsoleError,
    ProfilesError,
    PoliciesError,
    EngineError,
    AwardsError,
    NotifierError,
    LedgerError,
)


def main() -> None:
    """The entry point: whatever is refused ends with its reasons, not with a traceback."""
    try:
        app()
    except KNOWN_ERRORS as error:
        for line in str(error).splitlines():
            show.err.print(f"[red]error[/] {escape(mask(line))}", soft_wrap=True)
        sys.exit(REFUSED)
    except BrokenPipeError:
        sys.exit(0)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        show.err.print(f"[red]error[/] the database cannot be used: {escape(mask(reason))}")
        sys.exit(REFUSED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        show.err.print(f"[red]error[/] {escape(where)}{escape(error.strerror or str(error))}")
        sys.exit(REFUSED)
    except KeyboardInterrupt:
        show.err.print("stopped; the same command goes on where it ended")
        sys.exit(130)


if __name__ == "__main__":
    main()
