"""`zhida new policy`: asks what a policy must say and writes a file that `check` takes."""

import difflib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from console import show
from console.check_report import show_checked
from console.errors import NothingThere
from console.new_file import find_schema, refuse_standing, try_out, write_once
from console.new_questions import ask_heading, ask_parts, ask_policy
from console.options import PolicyPaths, VocabularyPaths, one_of
from console.questions import Asking
from console.settings import read_clock
from console.wiring import load_words
from language.document_reading import read_documents
from policies.frame import Frame
from policies.load import CATALOGUE, find_policy_files
from policies.new_implementation import write_implementation
from policies.new_policy import write_policy
from policies.shelf import gather_frames


def write_new(
    what: Annotated[str, typer.Argument(help="What is made: policy.")],
    file: Annotated[
        Path | None, typer.Argument(help="The file to write (default: the id with .yaml).")
    ] = None,
    identity: Annotated[str | None, typer.Option("--id", help="政策标识 the policy's id.")] = None,
    title_zh: Annotated[str | None, typer.Option(help="中文名称 the Chinese title.")] = None,
    title_en: Annotated[str | None, typer.Option(help="英文名称 the English title.")] = None,
    audience: Annotated[str | None, typer.Option(help="惠及对象 whom it is for.")] = None,
    authority: Annotated[str | None, typer.Option(help="负责部门 the office.")] = None,
    level: Annotated[str | None, typer.Option(help="政策级别 the level of government.")] = None,
    region: Annotated[
        str | None, typer.Option(help="适用地区 a name or code of GB/T 2260.")
    ] = None,
    document: Annotated[str | None, typer.Option(help="依据文件 what it rests on.")] = None,
    number: Annotated[str | None, typer.Option(help="文号 the document's number.")] = None,
    effective_from: Annotated[str | None, typer.Option("--from", help="生效日 first day.")] = None,
    per: Annotated[str | None, typer.Option(help="享受周期 what one award is for.")] = None,
    kind: Annotated[str | None, typer.Option(help="待遇种类 what is given.")] = None,
    amount: Annotated[
        str | None, typer.Option(help="金额 a number such as 500 or 1万, or an expression.")
    ] = None,
    when: Annotated[
        str | None, typer.Option(help="首个条件 the first condition; empty: the office judges.")
    ] = None,
    says: Annotated[str | None, typer.Option(help="条件内容 what the condition says.")] = None,
    implements: Annotated[
        str | None, typer.Option(help="母本 the frame that the policy implements.")
    ] = None,
    say: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE: what an implementation says of a part of the frame."),
    ] = None,
    no_input: Annotated[
        bool, typer.Option("--no-input", help="Ask nothing: options say it all.")
    ] = False,
    policies: PolicyPaths = None,
    vocabulary: VocabularyPaths = None,
) -> None:
    """Write a new policy file: asks what a policy must say, or takes it from options."""
    one_of(what, "policy")
    if file is not None:
        refuse_standing(file)
    words = load_words(vocabulary or ())
    ask = Asking(silent=no_input)
    today = read_clock().date()
    frame = None if implements is None else _find_frame(implements, policies or ())
    if frame is not None and any((audience, per, kind, amount, when, says)):
        raise typer.BadParameter("母本已规定 the frame says audience, per, kind, amount, clauses")
    if frame is None and say:
        raise typer.BadParameter("--say belongs to --implements")
    given = {
        "--id": identity, "--title-zh": title_zh, "--title-en": title_en, "--authority": authority,
        "--region": region, "--level": level, "--document": document, "--number": number,
        "--from": effective_from, "--audience": audience, "--per": per, "--kind": kind,
        "--amount": amount, "--when": when, "--says": says,
    }  # fmt: skip
    heading = ask_heading(ask, given, frame, today)
    compose: Callable[[str], str]
    if frame is not None:
        said = ask_parts(ask, frame, say or [])
        compose = partial(write_implementation, heading, frame, said)
    else:
        compose = partial(write_policy, ask_policy(ask, given, heading, words))
    path = file or Path(f"{heading.id}.yaml")
    refuse_standing(path)
    schema = find_schema(path)
    text = compose(schema)
    also = [] if frame is None else [Path(frame.written.file)]
    checked = try_out(text, path, also, words, today)
    write_once(path, text)
    show_checked(checked)
    shared = [one for one in also if not one.is_relative_to(CATALOGUE)]
    named = " ".join(escape(str(one)) for one in (path, *shared))
    named += "".join(f" --vocabulary {escape(str(one))}" for one in vocabulary or ())
    told = f"{escape(str(path))}: 已写入；接下来 written; next: zhida check {named}"
    show.err.print(told, soft_wrap=True)
    if not (path.parent / schema).is_file():
        show.err.print("编辑器提示还需 for help in editors: zhida schema --install", soft_wrap=True)


def _find_frame(named: str, paths: Sequence[Path]) -> Frame:
    """The frame of this id or id@version, among these files and the catalogue."""
    documents = [
        document
        for path in dict.fromkeys(find_policy_files([*paths, CATALOGUE]))
        for document in read_documents(path)[0]
    ]
    frames, _ = gather_frames(documents)
    for frame in frames:
        if named in (frame.id, frame.key):
            return frame
    known = [frame.id for frame in frames]
    close = difflib.get_close_matches(named, known, n=1)
    remedy = f'did you mean "{close[0]}"?' if close else f"there are: {', '.join(known)}"
    raise NothingThere(f"没有母本“{named}” (there is no such frame; {remedy})")
