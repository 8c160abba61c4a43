"""The language as JSON Schema, for editors: ``python -m clevora_mock.scenarios.json_schema`` prints it."""

import json

from clevora_mock.scenarios.fault_options import DEFINITIONS
from clevora_mock.scenarios.language import SCENARIO
from clevora_mock.scenarios.reader import Schema


def schema() -> Schema:
    """Return the schema as a value."""
    words = {
        "title": "clevora-mock scenario",
        "description": "The initial state of a sandbox, and rules with effects on its requests.",
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **words, **SCENARIO.schema, "$defs": DEFINITIONS}


def text() -> str:
    """Return the schema as JSON text, as it is shipped."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
