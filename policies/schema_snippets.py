"""What an editor puts in for a new entry: whole clauses, values and cases with gaps to fill."""

from collections.abc import Mapping
from typing import Any

SNIPPETS: Mapping[str, list[dict[str, Any]]] = {
    "policy_file.ClauseFile": [
        {
            "label": "clause 条款",
            "description": "A provision with its condition",
            "body": {
                "id": "${1:id}",
                "says": {"zh": "${2:条款内容}", "en": "${3:what it says}"},
                "source": "${4:第一条}",
                "when": "${5:fact}",
            },
        },
        {
            "label": "any of 满足其一",
            "description": "Alternatives, of which one must hold",
            "body": {
                "id": "${1:id}",
                "says": {"zh": "${2:满足下列之一}"},
                "any": [{"id": "${3:first}", "says": {"zh": "${4:条款内容}"}, "when": "${5:fact}"}],
            },
        },
        {
            "label": "judged by an office 部门认定",
            "description": "A provision that data cannot settle",
            "body": {"id": "${1:id}", "says": {"zh": "${2:条款内容}"}, "judged_by": "${3:部门}"},
        },
    ],
    "policy_file.ParameterFile": [
        {
            "label": "parameter with a value 参数",
            "description": "One value with its source",
            "body": {
                "label": {"zh": "${1:名称}", "en": "${2:name}"},
                "value": "${3:0}",
                "source": "${4:文号 条}",
            },
        },
        {
            "label": "parameter with a table 表",
            "description": "A value for each value or range of a fact",
            "body": {
                "label": {"zh": "${1:名称}", "en": "${2:name}"},
                "by": "${3:fact}",
                "source": "${4:文号 条}",
                "rows": {"${5:from 80}": "${6:100}"},
            },
        },
        {
            "label": "dated values 分时段的值",
            "description": "Values each with its first day and source",
            "body": {
                "label": {"zh": "${1:名称}", "en": "${2:name}"},
                "values": [
                    {"from": "${3:2025-01-01}", "value": "${4:0}", "source": "${5:文号 条}"}
                ],
            },
        },
    ],
    "policy_file.CaseFile": [
        {
            "label": "case 算例",
            "description": "What is given and what must come out",
            "body": {
                "name": "${1:name}",
                "given": {"${2:fact}": "${3:value}"},
                "expect": {"verdict": "${4|eligible,ineligible,unknown|}"},
            },
        }
    ],
    "policy_file.BasisFile": [
        {
            "label": "document 依据文件",
            "description": "A document that the policy rests on",
            "body": {"document": "${1:文件名称}", "number": "${2:文号}", "article": "${3:条}"},
        }
    ],
    "policy_file.PortionFile": [
        {
            "label": "portion 分项",
            "description": "A line of the award with its condition",
            "body": {
                "id": "${1:id}",
                "says": {"zh": "${2:内容}", "en": "${3:what it is}"},
                "when": "${4:fact}",
                "amount": "${5:0}",
            },
        }
    ],
    "fact_file.FactFile": [
        {
            "label": "fact that is given 给定的事实",
            "description": "Known only where it is given",
            "body": {"label": {"zh": "${1:名称}", "en": "${2:name}"}, "type": "${3:number}"},
        },
        {
            "label": "fact worked out 计算的事实",
            "description": "A formula over other facts",
            "body": {"says": "${1:含义}", "is": "${2:formula}"},
        },
        {
            "label": "measure over rows 明细统计",
            "description": "Counted or summed over the subject's rows",
            "body": {
                "says": "${1:含义}",
                "from": "${2:dataset}",
                "over": "${3:last year}",
                "count": "rows",
            },
        },
    ],
    "dataset_file.ColumnFile": [
        {
            "label": "column 列",
            "description": "A column with its type and label",
            "body": {"type": "${1:text}", "label": {"zh": "${2:名称}", "en": "${3:name}"}},
        }
    ],
}
