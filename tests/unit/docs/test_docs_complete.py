"""The guides are complete and true: what they leave out or get wrong fails here."""

import re
import types
import typing
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
import typer.main
import yaml
from pydantic import BaseModel
from typer.core import TyperGroup

from console.cli import app
from engine.examples import run_examples
from language.check import check
from language.definition import Anything, Constant, Given, Row, Table
from language.expression import Name, names_in
from language.functions import FUNCTIONS
from language.parse import parse
from language.types import FactType, Kind
from policies.build_terms import KEPT, KEPT_OF_BENEFIT, KEPT_OF_DELIVERY
from policies.load import load_policies
from policies.local import LocalFile
from policies.policy_file import PolicyFile
from profiles.dataset import builtin_datasets, load_datasets
from profiles.dataset_file import DatasetFile
from profiles.fact import Vocabulary
from profiles.fact_file import FactFile
from profiles.vocabulary_load import BUILTIN, builtin_vocabulary, load_vocabulary

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
SUFFIXES = {
    ".py",
    ".lock",
    ".md",
    ".yaml",
    ".yml",
    ".toml",
    ".cfg",
    ".ini",
    ".j2",
    ".sh",
    ".txt",
    ".csv",
}
GUIDES = [*DOCS.glob("*.md"), *ROOT.glob("*.md")]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


AUTHOR, LANGUAGE = read("docs/policy-author.md"), read("docs/language.md")
CHECKING = read("docs/checking.md")
OPERATOR, INTEGRATOR = read("docs/operator.md"), read("docs/integrator.md")
DEPARTMENT = read("docs/department.md")


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return builtin_vocabulary(builtin_datasets())


# commands and settings


def commands() -> Iterator[tuple[str, str]]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for parameter in group.params:
        for option in parameter.opts:
            yield "", option
    for name, command in group.commands.items():
        yield name, ""
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("-") and option != "--help":
                    yield name, option


@pytest.mark.parametrize(("command", "option"), list(commands()))
def test_every_command_and_option_is_in_a_guide(command: str, option: str) -> None:
    section = {
        "check": CHECKING,
        "test": read("docs/examples.md"),
        "show": AUTHOR,
        "catalogue": read("docs/catalogue-guide.md"),
        "evaluate": INTEGRATOR,
        "diff": read("docs/versions.md"),
        "simulate": read("docs/simulation.md"),
        "schema": read("docs/editor.md"),
        "table": read("docs/spreadsheets.md"),
        "new": AUTHOR,
        "work": read("docs/scheduling.md"),
        "schedule": read("docs/scheduling.md"),
    }.get(command)
    if section is None and command:
        found = re.search(rf"^### {command}\b(.*?)(?=^##)", OPERATOR, re.S | re.M)
        assert found, f"docs/operator.md has no section on {command}"
        section = found[1]
    section = section or OPERATOR
    assert not command or f"zhida {command}" in section + OPERATOR or f"### {command}" in OPERATOR
    # a longer option that begins alike does not document this one
    assert not option or re.search(rf"{re.escape(option)}(?![\w-])", section), option


def test_every_environment_variable_is_in_the_operators_guide() -> None:
    variables = set(re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", read("console/settings.py")))
    assert variables
    assert not {name for name in variables if f"`{name}`" not in OPERATOR}


def test_only_settings_reads_the_environment() -> None:
    packages = [folder.parent for folder in ROOT.glob("*/__init__.py")]
    reading = {
        path.relative_to(ROOT).as_posix()
        for package in packages
        for path in package.rglob("*.py")
        if re.search(r"\bos\.(?:environ|getenv)\b", path.read_text(encoding="utf-8"))
    }
    # a benchmark starts a server of its own, which looks there for where to put its files
    assert reading == {"console/settings.py", "benchmarks/postgresql.py"}


# keys of the files that people write


def models_within(model: type[BaseModel]) -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []

    def visit(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if annotation not in found:
                found.append(annotation)
                for field in annotation.model_fields.values():
                    visit(field.annotation)
            return
        for inner in typing.get_args(annotation):
            if not isinstance(inner, (str, types.NoneType)):
                visit(inner)

    visit(model)
    return found


def keys_of(*roots: type[BaseModel]) -> list[str]:
    return sorted(
        {
            field.alias or name
            for root in roots
            for model in models_within(root)
            for name, field in model.model_fields.items()
        }
    )


def yaml_blocks(text: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", text, re.S)


def keys_in_examples(text: str) -> set[str]:
    found: set[str] = set()

    def visit(value: Any) -> None:
        if isinstance(value, dict):
            found.update(str(key) for key in value)
            for inner in value.values():
                visit(inner)
        elif isinstance(value, list):
            for inner in value:
                visit(inner)

    for block in yaml_blocks(text):
        for document in yaml.load_all(block, Loader=yaml.BaseLoader):
            visit(document)
    return found


def explained(text: str) -> set[str]:
    """Every word that stands in backticks in a paragraph or in a table, outside of examples."""
    spans = re.findall(r"`([^`\n]+)`", strip_code(text))
    return {word for span in spans for word in re.findall(r"[a-z_]+", span)}


@pytest.mark.parametrize("key", keys_of(PolicyFile, FactFile, LocalFile))
def test_every_key_of_policies_and_facts_is_explained_in_the_authors_guide(key: str) -> None:
    assert key in explained(AUTHOR)


@pytest.mark.parametrize("key", keys_of(PolicyFile, FactFile, LocalFile))
def test_every_key_of_policies_and_facts_has_an_example(key: str) -> None:
    assert key in keys_in_examples(AUTHOR)


@pytest.mark.parametrize("key", [*KEPT, *KEPT_OF_BENEFIT, *KEPT_OF_DELIVERY])
def test_every_key_that_nothing_acts_on_is_said_to_be_so(key: str) -> None:
    section = AUTHOR.split("## Kept for later")[1].split("\n## ")[0]
    assert f"`{key}`" in section


@pytest.mark.parametrize("key", keys_of(DatasetFile))
def test_every_key_of_a_dataset_is_explained_with_an_example(key: str) -> None:
    assert key in explained(DEPARTMENT)
    assert key in keys_in_examples(DEPARTMENT)


def literals(annotation: Any) -> set[str]:
    found = set(typing.get_args(annotation)) if typing.get_origin(annotation) is Literal else set()
    for inner in typing.get_args(annotation):
        found |= literals(inner)
    return found


def fixed_values() -> list[str]:
    """What the schemas allow word by word."""
    models = [*models_within(PolicyFile), *models_within(DatasetFile), *models_within(FactFile)]
    fields = [field for model in models for field in model.model_fields.values()]
    return sorted(set().union(*(literals(field.annotation) for field in fields)))


@pytest.mark.parametrize("value", fixed_values())
def test_every_fixed_value_of_a_key_is_named(value: str) -> None:
    assert re.search(rf"[`: ]{re.escape(value)}`", AUTHOR + DEPARTMENT)


# functions


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_in_the_language_guide_with_its_example(name: str) -> None:
    function = FUNCTIONS[name]
    rows = [row for row in LANGUAGE.splitlines() if row.startswith(f"| `${name}(")]
    assert any(f"| `{function.example}` |" in row for row in rows)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_example_of_a_function_is_accepted_where_its_names_are_declared(name: str) -> None:
    expression = parse(FUNCTIONS[name].example)
    dates = {"as_of", "period_start", "period_end"}
    scope: dict[str, Any] = {}
    for used in names_in(expression):
        if used in dates:
            scope[used] = Constant(value=date(2025, 9, 1))
        elif name == "has":
            row = Row(matchers=(Anything(),), value="x")
            scope["level"] = Given(name="level", type=FactType.INTEGER)
            scope[used] = Table(by=(Name(name="level"),), rows=(row,), kind=Kind.TEXT)
        else:
            is_date = used.endswith(("_on", "_date"))
            text = used.endswith("_code")
            kind = FactType.DATE if is_date else FactType.CODE if text else FactType.NUMBER
            scope[used] = Given(name=used, type=kind)
    check(expression, scope)


# blocks that must load


def marked_blocks(text: str, marker: str, language: str) -> list[str]:
    return re.findall(rf"<!-- {marker} -->\n```{language}\n(.*?)```", text, re.S)


FILES_BESIDE = re.findall(r"<!-- file: ([\w.-]+) -->\n```csv\n(.*?)```", AUTHOR, re.S)
POLICY_BLOCKS = [
    (path.name, number, block)
    for path in GUIDES
    for number, block in enumerate(
        marked_blocks(path.read_text(encoding="utf-8"), "complete policy", "yaml")
    )
]


@pytest.mark.parametrize(
    ("page", "number", "block"), POLICY_BLOCKS, ids=[f"{b[0]}-{b[1]}" for b in POLICY_BLOCKS]
)
def test_every_complete_policy_loads_and_its_examples_pass(
    page: str, number: int, block: str, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(block, encoding="utf-8")
    for name, beside in FILES_BESIDE:
        (tmp_path / name).write_text(beside, encoding="utf-8")
    policies = load_policies([file], vocabulary).policies
    assert policies
    for policy in policies:
        results = run_examples(policy, vocabulary)
        assert results
        assert [(r.example, r.differences) for r in results if not r.passed] == []


def test_authors_guide_has_three_complete_policies() -> None:
    assert sum(page == "policy-author.md" for page, _, _ in POLICY_BLOCKS) >= 3


def test_complete_vocabulary_loads(tmp_path: Path) -> None:
    blocks = marked_blocks(AUTHOR, "complete vocabulary", "yaml")
    assert blocks
    for block in blocks:
        file = tmp_path / "facts.yaml"
        file.write_text(block, encoding="utf-8")
        load_vocabulary([*BUILTIN.glob("*.yaml"), file], builtin_datasets())


def test_complete_dataset_loads(tmp_path: Path) -> None:
    blocks = marked_blocks(DEPARTMENT, "complete dataset", "yaml")
    assert blocks
    for block in blocks:
        file = tmp_path / "dataset.yaml"
        file.write_text(block, encoding="utf-8")
        assert load_datasets([file])


def test_python_example_of_the_integrators_guide_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = marked_blocks(INTEGRATOR, "runs", "python")
    (tmp_path / "elder-allowance.yaml").write_text(
        marked_blocks(AUTHOR, "complete policy", "yaml")[0], encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "integrator.md", "exec"), {})
    assert capsys.readouterr().out.startswith("eligible 10000 ")


# nothing of a machine, and links that lead somewhere


def project_files() -> list[Path]:
    found = []
    for path in sorted(ROOT.rglob("*")):
        hidden = path.relative_to(ROOT).parts[0].startswith(".")
        wanted = path.suffix in SUFFIXES or path.name in ("Makefile", "run")
        kept = not hidden or path.relative_to(ROOT).parts[0] in (".ci", ".pre-commit-config.yaml")
        inside = {"build", "zhida-home", "demo-home"} & set(path.relative_to(ROOT).parts)
        if path.is_file() and wanted and kept and not inside:
            found.append(path)
    return found


FOREIGN = (
    re.compile(r"(?i)\b(?:files\.)?pypi(?:thonhosted)?\.org|\bindex[-_]url\b\s*=|extra-index-url"),
    re.compile(r"(?i)https?://[\w.-]*(?:registry|artifactory|nexus|mirror)[\w.-]*"),
    re.compile(r"(?<![\w.:/$}])/(?:home|root|Users|work|workspace|mnt|opt)/[\w.-]+"),
    re.compile(r"(?<![\w.:/])[A-Z]:\\\\?\w+"),
)


def test_no_file_holds_a_registry_or_a_path_of_a_machine() -> None:
    found = []
    for path in project_files():
        if path == Path(__file__):
            continue  # the patterns themselves
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if any(pattern.search(line) for pattern in FOREIGN):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert found == []


def anchors_of(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        page = (path.parent / file) if file else path
        assert page.exists(), target
        if anchor:
            assert anchor in anchors_of(page.read_text(encoding="utf-8")), target


# both READMEs


def outline(text: str) -> list[int]:
    return [len(mark) for mark in re.findall(r"^(#+) ", strip_code(text), re.M)]


def strip_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.S)


def shown_commands(text: str) -> list[str]:
    return [
        re.split(r"\s{2,}", line.strip())[0]
        for block in re.findall(r"```sh\n(.*?)```", text, re.S)
        for line in block.splitlines()
        if line.strip()
    ]


def test_both_readmes_have_one_outline_and_the_same_commands() -> None:
    english, chinese = read("README.md"), read("README.zh.md")
    assert outline(english) == outline(chinese)
    assert shown_commands(english) == shown_commands(chinese) != []
    assert yaml_blocks(english) == yaml_blocks(chinese) != []
    for text in (english, chinese):
        assert text.count("<!-- demo-output -->") == text.count("<!-- /demo-output -->") == 1


def test_test_command_of_the_readme_is_the_last_of_ci() -> None:
    last = read(".ci/run").strip().splitlines()[-1].removeprefix("exec ")
    assert last in shown_commands(read("README.md"))


def test_make_targets_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", read("Makefile"), re.M))
    named = {c.split()[1] for c in shown_commands(read("README.md")) if c.startswith("make ")}
    assert named
    assert named <= targets
