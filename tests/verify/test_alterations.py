"""Servers that behave otherwise in one respect: exactly the clauses about that are refuted."""

from collections.abc import Iterator
from itertools import count

import msgspec
import pytest
from _pytest.mark.structures import ParameterSet

from clevora_mock.contract_file import ContractFile
from clevora_mock.verify import results
from clevora_mock.verify.probes import PROBES
from tests.support.verifying import Asked, in_process, refuted
from tests.verify.alterations import ALTERATIONS, HARMLESS
from tests.verify.altering import Alteration

_numbers = count()


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with in_process() as started:
        yield started


def _weighed() -> Iterator[ParameterSet]:
    """Yield all alterations; all but one of each area are slow, since there are two hundred of them."""
    seen: set[str] = set()
    for alteration in ALTERATIONS:
        areas = {clause[0] for clause in alteration.clauses}
        marks = [pytest.mark.slow] if areas <= seen else []
        seen |= areas
        yield pytest.param(alteration, marks=marks, id=alteration.title)


@pytest.mark.parametrize("alteration", [*_weighed()])
def test_exactly_the_altered_clauses_are_refuted(asked: Asked, alteration: Alteration) -> None:
    sandbox = f"altered-{next(_numbers)}"
    with alteration.patch(asked, sandbox):
        ran = asked.verify(alteration.wrap, sandbox=sandbox)
    found = [
        f"{clause.id}: {probe.title}: {probe.differences}"
        for clause in ran.clauses
        for probe in clause.probes
        if probe.verdict == "refuted"
    ]
    assert refuted(ran) == alteration.clauses, "\n".join([*found, ran.stopped])
    assert ran.status == 2
    # What verify would write can be served.
    msgspec.convert(results.overrides(ran), ContractFile)


@pytest.mark.slow
@pytest.mark.parametrize("alteration", [pytest.param(one, id=one.title) for one in HARMLESS])
def test_no_clause_is_refuted_for_how_it_is_written_or_for_failures(asked: Asked, alteration: Alteration) -> None:
    ran = asked.verify(alteration.wrap, sandbox=f"harmless-{next(_numbers)}")
    assert refuted(ran) == set()
    assert (ran.status, ran.stopped) == (0, "")


def test_every_clause_with_a_probe_is_altered() -> None:
    altered = {clause for alteration in ALTERATIONS for clause in alteration.clauses}
    assert altered == {probe.clause for probe in PROBES}
