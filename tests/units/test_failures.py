"""Failed checks as JUnit's XML and GitHub's annotations, whatever their texts are."""

from xml.etree import ElementTree as ET

from clevora_mock.cli.failures import Case, Failure, annotations, junit, suite_xml

HOSTILE = Failure(
    group='s1" x="',
    name="a,b:c",
    level="error",
    message='</failure> & "50%"\x00\x1b[31m\ud800\n::error::x',
    lines=("é",),
)


def test_xml_is_well_formed_and_has_the_texts() -> None:
    (case,) = ET.fromstring(junit([HOSTILE]).encode())
    assert (case.attrib["classname"], case.attrib["name"]) == ('s1" x="', "a,b:c")
    (failure,) = case
    assert (failure.tag, failure.attrib["type"]) == ("failure", "error")
    assert failure.text == '</failure> & "50%"\\x00\\x1b[31m\\ud800\\n::error::x\né'


def test_a_warning_that_is_allowed_passes() -> None:
    suite = ET.fromstring(junit([Failure("s1", "asked_twice", "warning", "Paid again", fails=False), HOSTILE]).encode())
    assert (suite.attrib["name"], suite.attrib["tests"], suite.attrib["failures"]) == ("clevora-mock", "2", "1")
    assert [inner.tag for inner in suite[0]] == ["system-out"]


def test_a_run_without_failures_has_a_case_that_passed() -> None:
    suite = ET.fromstring(junit([]).encode())
    assert (suite.attrib["tests"], suite.attrib["failures"], len(suite), len(suite[0])) == ("1", "0", 1, 0)


def test_a_case_that_was_skipped_says_why() -> None:
    suite = ET.fromstring(
        suite_xml("a & b", [Case("s1", "K1", "skipped", ("no \x1b key",)), Case("s1", "K2", "passed")])
    )
    assert [suite.attrib[name] for name in ("name", "tests", "failures", "skipped")] == ["a & b", "2", "0", "1"]
    assert [(inner.tag, inner.attrib) for inner in suite[0]] == [("skipped", {"message": "no \\x1b key"})]


def test_an_annotation_is_one_line() -> None:
    (line,) = annotations([HOSTILE])
    assert line == (
        '::error title=clevora-mock%3A a%2Cb%3Ac in s1" x="::</failure> & "50%25"\\x00\\x1b[31m\\ud800\\n::error::x%0Aé'
    )


def test_a_warning_is_annotated_as_one() -> None:
    assert annotations([Failure("s1", "asked_twice", "warning", "Paid again")]) == [
        "::warning title=clevora-mock%3A asked_twice in s1::Paid again"
    ]
