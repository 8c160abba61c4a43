"""A fault's annotated fields are its options, so a new fault needs only its class."""

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta
from msgspec.structs import fields

from clevora_mock.core.scenario import Duration
from clevora_mock.faults import Fault
from clevora_mock.scenarios.document import parse
from clevora_mock.scenarios.fault_options import option_of
from clevora_mock.scenarios.problems import ScenarioError

Name = Annotated[str, Meta(title="a name such as id", min_length=1, max_length=5)]


class Everything(Fault, frozen=True):
    """One option of each type."""

    kind = "everything"
    style: Annotated[Literal["lf", "crlf", "cr"], Meta(description="How lines end.")] = "crlf"
    code: Annotated[Literal[1, 2], Meta(description="A number of two.")] = 1
    every: Annotated[int, Meta(ge=1, le=10, description="How often.")] = 1
    share: Annotated[float, Meta(gt=0, le=1, description="How much.")] | None = None
    loud: Annotated[bool, Meta(description="Whether it is loud.")] = False
    note: Annotated[Name, Meta(description="A note.")] = "x"
    names: Annotated[
        tuple[Name, ...], Meta(max_length=2, description="Names.", extra_json_schema={"uniqueItems": True})
    ] = ()
    for_: Annotated[Duration, Meta(gt=0, description="How long.")] | None = None


OPTIONS = {option.name: option for option in map(option_of, fields(Everything))}


def test_the_options_are_the_fields_and_a_list_is_required() -> None:
    assert {name: option.required for name, option in OPTIONS.items()} == {
        "style": False,
        "code": False,
        "every": False,
        "share": False,
        "loud": False,
        "note": False,
        "names": True,
        "for": False,
    }


def test_descriptions_are_the_annotations() -> None:
    assert [option.doc for option in OPTIONS.values()][:3] == ["How lines end.", "A number of two.", "How often."]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("style", "cr", "cr"),
        ("code", "2", 2),
        ("every", "10", 10),
        ("share", "1", 1.0),
        ("loud", "true", True),
        ("note", "id", "id"),
        ("names", "[a, b]", ("a", "b")),
        ("for", "250ms", 250_000),
    ],
)
def test_a_value_is_read_as_its_type(name: str, text: str, value: Any) -> None:
    assert OPTIONS[name].field.read(parse(text)) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("style", "crlv", 'expected one of crlf, cr, lf, got "crlv"; did you mean "crlf"?'),
        ("code", "3", "expected 1 or 2, got 3"),
        ("every", "0", "expected a whole number from 1 to 10, got 0"),
        ("share", "0", "expected a number above 0 and up to 1, got 0"),
        ("loud", "yes", "expected true or false, got yes, which YAML may read as true; write true"),
        ("note", "absurd", "expected a name such as id of 1 to 5 characters, got 6 characters"),
        ("names", "[a, a]", '[1]: "a" is there already'),
        ("names", "a", 'expected a list of names, got "a"; write [a]'),
        ("for", "0s", 'expected a duration above 0, got "0s"'),
    ],
)
def test_a_wrong_value_is_explained(name: str, text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        OPTIONS[name].field.read(parse(text))
    assert [str(problem) for problem in caught.value.problems] == [message]


def test_an_option_of_a_type_that_files_cannot_write_is_refused_at_once() -> None:
    class Odd(Fault, frozen=True):
        kind = "odd"
        at: Annotated[dict[str, int] | None, Meta(description="Nothing that a file can say.")] = None

    with pytest.raises(TypeError, match="at: no option can be an object"):
        option_of(fields(Odd)[0])
