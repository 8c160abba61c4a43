"""The language as JSON Schema, so that editors complete and check scenarios while they are written.

It says what a schema can say; what entries do to each other is the reader's to check. ``python -m
clevora_mock.scenarios.json_schema`` prints it.
"""

import json

from clevora_mock.scenarios.forms import Schema
from clevora_mock.scenarios.language import SCENARIO


def schema() -> Schema:
    """The schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "clevora-mock scenario",
        "description": "How the world starts, and the rules that disturb it.",
        **SCENARIO.schema(),
    }


def text() -> str:
    """The schema as it is shipped."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
