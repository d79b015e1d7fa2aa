"""Which modules are mutated, and which tests are asked about each of them.

Fewer tests than there are: those of the module's own subject first, then the quick general ones. A
mutant that only the others would notice counts as survived, so that the figure is on the safe side.
"""

from pathlib import Path

ROOT = Path(__file__).parents[2]
EVALUATION = (
    "alike", "alternatives", "amount", "awarding", "by_hand", "changes", "clause_counts",
    "clause_tree",
    "columns", "deciding", "decision", "evaluate", "evaluate_frame", "evaluate_rows", "few",
    "held_back", "measured", "near_counts", "near_miss", "outcome", "outcome_parts",
    "outcome_reading", "own_measures", "program", "row_columns", "row_frames", "rows",
    "rows_by_hand", "settling", "table", "table_rows", "turning_points",
    "verdicts", "waiting", "why_not", "breakdown", "monthly_pace", "pair_overlap", "side_by_side",
    "simulation", "version_moves", "brake", "limits_file", "linked_policies", "responsible",
    "package", "package_choosing", "package_cluster", "package_offers", "package_pattern",
    "package_paying", "package_rules", "package_solving", "city_evaluation", "day_moves",
    "fingerprint", "increment_evaluation", "paired_parts", "part_outcome", "same_subjects",
)  # fmt: skip
"""Modules of `engine` that decide or count decisions, beside everything in `language`."""
OTHERS = (
    "__init__", "clause_telling", "errors", "examples", "explain", "explain_by_hand",
    "explain_rows", "explanation", "needed_facts", "run", "scope_telling", "shown_value",
    "table_words", "telling", "wording", "example_boundaries", "example_coverage",
    "example_limits", "example_points", "example_proposals", "example_search", "run_record",
    "policy_spans",
    "table_rows_used", "tested", "catch_up", "claiming", "due_instances", "run_instance",
    "package_telling", "schedule", "timing", "working_days", "run_act", "run_policy",
)  # fmt: skip
"""Those that put decisions into words, keep the register of runs, tell what nobody delivers, or
what examples cover and lack."""
SUBJECTS: dict[str, tuple[str, ...]] = {
    "alike": ("engine/test_clause_counts", "engine/test_held_back", "engine/test_deciding"),
    "asking": ("engine/test_few_subjects",),
    "automaton": ("language/test_patterns",),
    "bits": ("engine/test_verdicts_in_bits",),
    "bounds": ("language/test_exact_numbers", "language/test_every_node"),
    "by_hand": ("engine/test_by_hand", "engine/test_reasons", "engine/test_few_subjects"),
    "brake": ("engine_runs/test_brake",),
    "limits_file": ("engine_runs/test_limits_file",),
    "linked_policies": ("engine_runs/test_linked_policies",),
    "responsible": ("engine_runs/test_responsible",),
    "breakdown": ("engine/test_simulation",),
    "monthly_pace": ("engine/test_simulation",),
    "side_by_side": ("engine/test_simulation",),
    "simulation": ("engine/test_simulation",),
    "version_moves": ("engine/test_version_moves",),
    "pair_overlap": ("console/test_catalogue_overlap",),
    "changes": ("engine_runs/test_changes", "engine_runs/test_changes_in_bits"),
    "city_evaluation": ("engine_runs/test_city_evaluation",),
    "day_moves": ("engine_runs/test_increments",),
    "fingerprint": ("engine_runs/test_outcome_hash",),
    "increment_evaluation": ("engine_runs/test_increments",),
    "paired_parts": ("engine_runs/test_changes_in_bits", "engine_runs/test_increments"),
    "part_outcome": ("engine_runs/test_outcome_hash", "engine_runs/test_changes_in_bits"),
    "same_subjects": ("engine_runs/test_changes_in_bits", "engine_runs/test_increments"),
    "clause_counts": ("engine/test_clause_counts", "engine/test_held_back"),
    "coded": ("engine/test_verdicts_in_bits", "engine/test_decision_tables_in_bits"),
    "ladder": ("engine/test_verdicts_in_bits", "engine/test_decision_tables_in_bits"),
    "decision_columns": ("language/test_hit_policies",),
    "decision_table": ("language/test_hit_policies", "policies/test_decision_tables"),
    "definition": ("language/test_hit_policies", "policies/test_tables_and_parameters"),
    "code_check": ("language/test_check_refusals", "policies/test_refusals"),
    "document": ("policies/test_authors_yaml", "policies/test_refusals"),
    "document_decoding": ("policies/test_authors_yaml", "policies/test_refusals"),
    "document_reading": ("policies/test_authors_yaml", "policies/test_both_yaml_parsers"),
    "errors": ("policies/test_authors_yaml", "policies/test_refusals"),
    "exact": ("language/test_exact_numbers", "language/test_exact_by_construction"),
    "few": ("engine/test_few_subjects",),
    "functions": ("language/test_date_functions", "docs/test_reference_pages"),
    "frame": ("engine/test_own_measures",),
    "held_back": ("engine/test_held_back",),
    "matching": ("language/test_hit_policies", "policies/test_tables_and_parameters"),
    "matching_columns": ("language/test_hit_policies", "engine/test_decision_tables_in_bits"),
    "measured": ("engine/test_own_measures", "engine/test_row_measures"),
    **{
        f"package{name}": ("engine/test_packages",)
        for name in ("", "_choosing", "_cluster", "_offers", "_pattern", "_paying", "_rules")
    },
    "package_solving": ("engine/test_packages",),
    "near_counts": ("engine/test_near_counts",),
    "number": ("policies/test_authors_yaml", "policies/test_refusals"),
    **{
        name: ("engine_runs/test_outcome_files", "engine_runs/test_outcome_hash")
        for name in ("outcome", "outcome_parts", "outcome_reading")
    },
    "pattern": ("language/test_patterns",),
    "place": ("language/test_place",),
    "predicate": ("engine/test_verdicts_in_bits", "engine/test_decision_tables_in_bits"),
    "program": ("engine/test_program_hash", "engine/test_reasons"),
    "reach": ("engine/test_deciding", "engine/test_reasons"),
    "row_columns": ("engine/test_rows_both_ways",),
    "row_frames": ("engine/test_row_measures", "engine/test_own_measures"),
    "rows": ("engine/test_rows_model", "engine/test_rows_both_ways"),
    "settle": ("language/test_always", "policies/test_doubts"),
    "settling": ("engine/test_verdicts_in_bits", "language/test_always"),
    "size": ("language/test_bounded_work",),
    "table": ("engine/test_tables",),
    "working_days": ("engine/test_timing",),
    "turning_points": ("engine/test_deciding",),
    "unit": ("language/test_unit_check",),
    "unparse": ("language/test_shown_numbers", "engine/test_wording"),
    "verdicts": ("engine/test_verdicts_in_bits", "engine/test_decision_tables_in_bits"),
    "waiting": ("engine/test_held_back", "engine/test_deciding"),
}
"""The tests of a module that are not named for it, the nearest first."""
LANGUAGE = (
    "language/test_traps", "language/test_every_node", "language/test_guard", "language/test_sql",
    "language/test_always", "language/test_check_refusals", "docs/test_language_page",
    "language/test_date_functions", "language/test_exact_numbers", "language/test_million_pairs",
    "engine/test_verdicts_in_bits",
)  # fmt: skip
ENGINE = (
    "engine/test_by_hand", "engine/test_rows_by_hand", "engine/test_rows_model",
    "engine/test_own_measures", "engine/test_alternatives", "engine/test_why_not",
    "engine/test_clause_counts", "engine/test_program_hash", "engine/test_verdicts_in_bits",
    "engine/test_reasons", "engine/test_rare_elements", "engine/test_rows_both_ways",
)  # fmt: skip


WITH_THREADS = frozenset(
    str(ROOT / f"tests/unit/{name}.py")
    for name in (
        "engine_runs/test_outcome_files",
        "engine_runs/test_outcome_hash",
        "docs/test_reference_pages",
    )
)
"""Files that make frames while they are collected, which starts threads that no fork would have."""


def modules() -> list[Path]:
    """The modules that are mutated; raises where one of `engine` stands in neither list."""
    there = {path.stem for path in (ROOT / "engine").glob("*.py")}
    if there != {*EVALUATION, *OTHERS}:
        raise SystemExit(f"name in scope.py, or no longer: {there ^ {*EVALUATION, *OTHERS}}")
    found = sorted((ROOT / "language").glob("*.py"))
    found += [ROOT / "engine" / f"{name}.py" for name in EVALUATION]
    return [path for path in found if path.stat().st_size]


def tests_for(path: Path) -> list[str]:
    """The files of tests for a module's mutants, those of its own subject first."""
    general = LANGUAGE if path.parent.name == "language" else ENGINE
    near = [name for name in general if path.stem in name.rpartition("/")[2]]
    own = [f"{path.parent.name}/test_{path.stem}"]
    named = [name for name in own if (ROOT / f"tests/unit/{name}.py").exists()]
    ordered = dict.fromkeys([*named, *SUBJECTS.get(path.stem, ()), *near, *general])
    return [str(ROOT / f"tests/unit/{name}.py") for name in ordered]
