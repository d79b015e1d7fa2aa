"""The simple policies in zen-engine (GoRules), run by `benchmarks.other_engines` in an environment
of its own.

All policies are one decision with an expression each, evaluated for a batch of subjects at once:
of the ways that it offers (a decision for one subject, compiled expressions, a loader in Python)
this was the fastest by two and a half times and more.

    python zen_child.py SPECIFICATION.json FACTS.parquet SECONDS
"""

import json
import sys
import time
from itertools import pairwise
from typing import Any

import pyarrow.parquet as pq
import zen

BATCH = 500
KEY = "policies"


def write_condition(condition: list[Any]) -> str:
    """A condition in ZEN's language."""
    fact, is_, value = condition
    match is_:
        case "ge":
            return f"{fact} >= {value}"
        case "le":
            return f"{fact} <= {value}"
        case "true":
            return f"{fact}"
        case "false":
            return f"not {fact}"
    return f"{fact} in {json.dumps(value)}"


def write_policy(policy: dict[str, Any]) -> str:
    """The amount in fen of who is eligible, else null."""
    parts = []
    for group, conditions in policy["clauses"]:
        texts = [f"({write_condition(each)})" for each in conditions]
        match group:
            case "any":
                parts.append(f"({' or '.join(texts)})")
            case "none":
                parts.append(f"not ({' or '.join(texts)})")
            case _:
                parts += texts
    share = policy["share"]
    amount = str(share["most_fen"])
    if share["fact"] is not None:
        whole = f"floor(({share['fact']} * {share['thousandths']} + 500) / 1000)"
        amount = f"min([{whole}, {share['most_fen']}])"
    return f"{' and '.join(parts)} ? {amount} : null"


def draw_graph(policies: list[dict[str, Any]]) -> dict[str, Any]:
    """A decision in GoRules' JSON: from input over expressions to output."""
    expressions = [
        {"id": policy["name"], "key": policy["name"], "value": write_policy(policy)}
        for policy in policies
    ]
    contents = {
        "inputNode": {"schema": ""},
        "expressionNode": {"expressions": expressions, "passThrough": False},
        "outputNode": {"schema": ""},
    }
    nodes = [
        {"id": kind, "type": kind, "name": kind, "position": {"x": 0, "y": 0}, "content": content}
        for kind, content in contents.items()
    ]
    names = list(contents)
    edges = [
        {"id": f"to-{target}", "type": "edge", "sourceId": source, "targetId": target}
        for source, target in pairwise(names)
    ]
    return {"nodes": nodes, "edges": edges}


def main(specification: str, facts: str, seconds: str) -> None:
    """Decide batch by batch for so many seconds and tell what came out; only the engine's own time
    is counted."""
    with open(specification, encoding="utf-8") as file:
        given = json.load(file)
    policies, codes = given["policies"], given["codes"]
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {KEY: draw_graph(policies)}}})
    sums = {policy["name"]: [0, 0] for policy in policies}
    clock = worked = 0.0
    rows = 0
    for batch in pq.read_table(facts).to_batches(max_chunksize=BATCH):
        requests = [
            {"key": KEY, "context": {n: _text(codes, n, v) for n, v in row.items()}}
            for row in batch.to_pylist()
        ]
        started, work = time.perf_counter(), time.process_time()
        answers = engine.evaluate_batch(requests)
        clock, worked = clock + time.perf_counter() - started, worked + time.process_time() - work
        rows += len(requests)
        for answer in answers:
            if not answer["success"]:
                raise SystemExit(str(answer["error"]))
            for name, amount in answer["data"]["result"].items():
                if amount is not None:
                    sums[name][0] += 1
                    sums[name][1] += int(amount)
        if clock >= float(seconds):
            break
    print(json.dumps({"rows": rows, "sums": sums, "seconds": clock, "processors": worked}))


def _text(codes: dict[str, list[str]], name: str, value: Any) -> Any:
    return codes[name][value] if name in codes else value


if __name__ == "__main__":
    main(*sys.argv[1:])
