"""Every kind of mistake has a file in `broken`, whose messages are asserted word for word.

The first lines of a file have them: ``#> line:column: message`` for each problem, and the verdict of the JSON Schema.
It ``refuses`` unknown entries and wrong types, as the reader does, ``accepts`` mistakes that only the reader detects
(conflicting entries, duplicate names), and ``cannot read`` files that do not parse. ``<faults>``, ``<conditions>`` and
``<endpoints>`` stand for all their names, so that a new one changes no file.
"""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from clevora_mock.contract.endpoints import ENDPOINTS
from clevora_mock.faults import FAULTS
from clevora_mock.scenarios import document, json_schema
from clevora_mock.scenarios.conditions import WHEN
from clevora_mock.scenarios.document import parse
from clevora_mock.scenarios.problems import ScenarioError, ScenarioProblem
from clevora_mock.scenarios.scenario_file import check, read_file, read_scenario
from tests.support.scenario_tree import to_json

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))
WORDS = {
    "<faults>": ", ".join(FAULTS),
    "<conditions>": ", ".join(WHEN.schema["properties"]),
    "<endpoints>": ", ".join(endpoint.name for endpoint in ENDPOINTS),
    "<number of endpoints>": str(len(ENDPOINTS)),
}
# Files for which the parser matters: invalid YAML, and trees that are refused.
SYNTAX = [
    file
    for file in FILES
    if file.read_text().split(" it\n")[0].endswith("cannot read")
    or file.stem.startswith(("alias", "duplicate", "merge", "name", "description", "null", "key", "many"))
]
SCHEMA = Draft202012Validator(json_schema.schema())


def expectations(file: Path) -> tuple[list[str], str]:
    """Return the messages that a file expects, and the schema's verdict."""
    said = [line[3:] for line in file.read_text().splitlines() if line.startswith("#> ")]
    for word, meaning in WORDS.items():
        said = [line.replace(word, meaning) for line in said]
    return said[:-1], said[-1]


def messages(text: str, name: str = "scenario.yaml") -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(name, text)
    return [f"{found.line}:{found.column}: {found}" for found in caught.value.problems]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_invalid_file_is_refused_with_all_its_problems(file: Path) -> None:
    expected, _ = expectations(file)
    with pytest.raises(ScenarioError) as caught:
        read_file(file)
    assert str(caught.value).splitlines() == [f"{file}:{line}" for line in expected]
    assert caught.value.problems == sorted(caught.value.problems, key=lambda found: (found.line, found.column))


def test_the_schema_agrees_where_it_can() -> None:
    found = {}
    for file in FILES:
        try:
            is_valid = SCHEMA.is_valid(to_json(parse(file.read_text())))
            found[file.stem] = f"a schema {'accepts' if is_valid else 'refuses'} it"
        except ScenarioError:
            found[file.stem] = "a schema cannot read it"
    assert found == {file.stem: expectations(file)[1] for file in FILES}


def test_unknown_entries_and_wrong_types_are_the_schemas_too() -> None:
    signs = ("unknown entry", "got a list", "got a mapping", "quotes", "is missing", "nothing in it")
    for file in FILES:
        said, verdict = expectations(file)
        # Python's dict has each name once, and no lists for names.
        if (
            "duplicate" not in file.stem
            and file.stem != "key-a-list"
            and any(sign in line for line in said for sign in signs)
        ):
            assert verdict != "a schema accepts it", file.stem


def test_the_corpus_is_large_and_has_each_message_once() -> None:
    assert len(FILES) >= 70
    bodies = [file.read_text().split(" it\n", 1)[1] for file in FILES]
    assert len(set(bodies)) == len(bodies)


# Files that cannot begin with a comment.
TEXTS = {
    "nothing": ("", ["1:1: the file is empty; a scenario has a name, and rules for what goes wrong"]),
    "blank lines": ("\n\n", ["1:1: the file is empty; a scenario has a name, and rules for what goes wrong"]),
    "JSON with a mistake": (
        '{\n\t"name": "x",\n\t"rules": [\n\t\t{"then": {"eror": 500}}\n\t]\n}\n',
        ['4:13: rules[0].then: unknown entry "eror"; did you mean "error"?'],
    ),
    "JSON with two of a name": ('{"name": "x", "name": "y"}', ['1:15: duplicate entry "name"; the first is on line 1']),
    "JSON beyond all numbers": (
        '{"account": {"balance": 1e999}}',
        [
            (
                "1:25: account.balance: expected dollars such as 25.00, got 1e999, which YAML may read as inf; "
                "write a finite number"
            )
        ],
    ),
    "JSON with half a character": (
        '{"name": "\\ud83d"}',
        ["1:13: not YAML: found invalid Unicode character escape code"],
    ),
    "JSON that does not end": (
        '{"name": "x"',
        ["1:1: not YAML: did not find expected ',' or '}', while parsing a flow mapping"],
    ),
    "JSON and more": ('{"name": "x"} {}', ["1:15: not YAML: did not find expected <document start>"]),
    "JSON that is nested too deeply": (
        '{"rules": ' + "[" * 60 + "]" * 60 + "}",
        ["1:60: nested more than 50 deep"],
    ),
    "lines that end with CR LF": (
        "name: x\r\nrule: []\r\n",
        ['2:1: unknown entry "rule"; did you mean "rules"?'],
    ),
    "a byte order mark": ("\ufeffrule: []\n", ['1:1: unknown entry "rule"; did you mean "rules"?']),
    "a lone surrogate": ("name: \ud800\n", ["1:7: not YAML: the character U+D800 has no place in a text"]),
    "names that cannot be seen": (
        'rules: [{when: {body: {"a\\nb": yes}}, then: {error: 500}}]',
        [r'1:32: rules[0].when.body.a\nb: got yes, which YAML may read as true; write true or "yes"'],
    ),
    "a pattern that cannot be seen": (
        'rules: [{when: {message: "/\\\\\u2003\\\\y/"}, then: {error: 500}}]',
        [r'1:26: rules[0].when.message: "/\\u2003\y/" is no regular expression: bad escape \y at position 2'],
    ),
    "a tab first": (
        "\tname: x\n",
        ["1:1: not YAML: found character that cannot start any token; indent with spaces"],
    ),
    "a megabyte and more": (
        "name: x # " + "y" * 1024 * 1024,
        ["1:1: too large: at most 1,024 KiB and 20,000 values are read, aliases written out"],
    ),
    "many values": (
        "rules: [" + "1," * 20_000 + "]",
        ["1:40003: too large: at most 1,024 KiB and 20,000 values are read, aliases written out"],
    ),
    "brackets to crash a parser": ("[\n" * 500_000, ["51:1: nested more than 50 deep"]),
}


@pytest.mark.parametrize("name", TEXTS)
def test_files_that_cannot_begin_with_a_comment_are_refused(name: str) -> None:
    text, expected = TEXTS[name]
    assert messages(text) == expected


def test_brackets_that_the_parser_itself_refuses_are_told_alike() -> None:
    """Newer versions of libyaml read on in the line and end at a depth of 1,000."""
    assert messages("[" * 500_000) in (["1:51: nested more than 50 deep"], ["1:1001: nested more than 50 deep"])


def test_without_the_c_parser_the_same_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_LOADER", yaml.SafeLoader)
    for file in SYNTAX:
        expected, _ = expectations(file)
        found = messages(file.read_text())
        if any("not YAML" in line for line in expected):
            assert (file.stem, "not YAML" in found[0]) == (file.stem, True)  # in this parser's own words
        else:
            assert (file.stem, found) == (file.stem, expected)


def test_a_json_file_has_the_problems_of_its_yaml() -> None:
    agreed = 0
    for file in FILES:
        _, verdict = expectations(file)
        if verdict != "a schema refuses it":
            continue
        root = to_json(parse(file.read_text()))
        if isinstance(root, dict):
            without = [line.partition(": ")[2] for line in messages(json.dumps(root, indent="\t"))]
            assert without, file.stem
            agreed += 1
    assert agreed > 70


def test_check_reports_the_problems_of_all_files(tmp_path: Path) -> None:
    good, bad, latin = tmp_path / "good.yaml", tmp_path / "bad.yaml", tmp_path / "latin.yaml"
    large = tmp_path / "large.yaml"
    good.write_text("name: good\n")
    bad.write_text("nme: bad\nrules: {}\n")
    latin.write_bytes(b"name: ok\ndescription: d\xe9j\xe0\n")
    large.write_text("#" * 1024 * 1024 + "\nname: x\n")
    assert check([good]) == []
    assert check([str(good), bad, tmp_path / "none.yaml", latin, tmp_path, large]) == [
        f'{bad}:1:1: unknown entry "nme"; did you mean "name"?',
        f"{bad}:2:8: rules: expected a list of rules, got a mapping; begin each rule with -",
        f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory",
        f"{latin}:2:15: not UTF-8; save the file in that encoding",
        f"{tmp_path}: cannot be read: Is a directory",
        f"{large}:1:1: too large: at most 1,024 KiB and 20,000 values are read, aliases written out",
    ]


def test_an_error_keeps_its_problems() -> None:
    error = ScenarioError([ScenarioProblem(3, 1, "later"), ScenarioProblem(1, 2, "sooner")], "x.yaml")
    assert str(error) == "x.yaml:1:2: sooner\nx.yaml:3:1: later"
    assert [found.line for found in error.problems] == [1, 3]
