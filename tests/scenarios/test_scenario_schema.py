"""The JSON Schema for editors: it is up to date with the language, and accepts what the reader accepts."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from clevora_mock import resources
from clevora_mock.scenarios import json_schema
from clevora_mock.scenarios.document import parse
from tests.support.scenario_tree import to_json

SHIPPED = resources.scenarios()


def test_the_shipped_schema_is_up_to_date() -> None:
    said = "python -m clevora_mock.scenarios.json_schema > scenarios/schema.json"
    assert (SHIPPED / "schema.json").read_text(encoding="utf-8") == json_schema.text(), f"run {said}"


def test_the_schema_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(json.loads(json_schema.text()))


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.yaml")), ids=lambda file: file.stem)
def test_the_schema_accepts_every_shipped_scenario(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    Draft202012Validator(json_schema.schema()).validate(to_json(parse(text)))
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")


def test_every_entry_has_a_description() -> None:
    def walk(schema: object) -> None:
        if isinstance(schema, dict):
            for name, entry in schema.get("properties", {}).items():
                assert entry["description"].endswith("."), name
            for part in schema.values():
                walk(part)
        elif isinstance(schema, list):
            for part in schema:
                walk(part)

    walk(json_schema.schema())
