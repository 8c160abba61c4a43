"""Search: what people type finds what they mean, and what the catalog does not know finds nothing (H3, H4)."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.catalog.items import CatalogItem, load_catalog
from clevora_mock.models.search import SearchIndex
from clevora_mock.resources import fixture
from tests.support.catalog import subject_of
from tests.units.everyday_queries import (
    EVERYDAY,
    MISSPELLED_LONG,
    MISSPELLED_SHORT,
    NOT_MENDED,
    OF_A_KIND,
    TAKEN_FOR,
    UNKNOWN,
    UNKNOWN_NOUNS,
)

ITEMS = load_catalog(fixture("catalog.jsonl"))
INDEX = SearchIndex(ITEMS)
FILLER = [(f"Something else {number}", "other") for number in range(10)]


def item(
    number: int, title: str, *tags: str, description: str = "", kind: str = "video", keywords: str = ""
) -> CatalogItem:
    return CatalogItem(
        id=f"vid_{number:03}",
        title=title,
        type="podcast" if kind == "podcast" else "video",
        description=description,
        creator="Someone",
        url="https://media.clevora.example/v/1",
        thumbnail_url="https://images.clevora.example/v/1.jpg",
        duration_seconds=60,
        published_at="2024-05-01T09:30:00Z",
        tags=tags,
        keywords=keywords,
    )


def found(items: list[CatalogItem], query: str) -> list[tuple[str, float]]:
    """Return ids and scores of the items that match `query`, among others that do not."""
    others = [item(500 + number, title, tag) for number, (title, tag) in enumerate(FILLER)]
    return [(one.id, score) for one, score in SearchIndex([*items, *others]).search(query, 50) if score > 0]


def test_an_everyday_query_finds_its_subject_first() -> None:
    missed = {}
    for query, (subjects, _) in EVERYDAY.items():
        results = INDEX.search(query, 3)
        assert len(results) == 3
        if stray := [(subject_of(one), one.title) for one, _ in results if subject_of(one) not in subjects.split()]:
            missed[query] = stray
    assert missed == {}


@pytest.mark.parametrize(("query", "kind", "subjects"), [(query, *asked) for query, asked in OF_A_KIND.items()])
def test_a_query_for_a_kind_finds_that_kind_first(query: str, kind: str, subjects: str) -> None:
    results = INDEX.search(query, 3)
    assert [one.type for one, _ in results] == [kind] * 3
    assert {subject_of(one) for one, _ in results} <= set(subjects.split())


@pytest.mark.parametrize("misspelled", [MISSPELLED_SHORT, MISSPELLED_LONG], ids=["short", "long"])
def test_a_typical_slip_is_mended(misspelled: dict[str, str]) -> None:
    assert {query: subject_of(INDEX.search(query, 1)[0][0]) for query in misspelled} == misspelled


def test_another_slip_finds_nothing() -> None:
    assert {query: found for query in NOT_MENDED if (found := INDEX.search(query, 5))} == {}


def test_a_noun_that_the_catalog_does_not_know_finds_nothing() -> None:
    nouns = UNKNOWN_NOUNS.split()
    assert len(nouns) > 200
    assert {noun: found for noun in nouns if (found := INDEX.search(noun, 5))} == {}


@pytest.mark.parametrize(("noun", "known"), TAKEN_FOR.items())
def test_a_word_that_differs_by_a_slip_finds_the_known_one_with_a_low_score(noun: str, known: str) -> None:
    """Without a dictionary they cannot be told from slips."""
    taken, meant = INDEX.search(noun, 5), INDEX.search(known, 5)
    assert taken[0][0] in [one for one, _ in meant]
    assert taken[0][1] < min(0.5, meant[0][1])


def test_the_creator_of_an_item_is_no_match() -> None:
    assert found([item(1, "Knots", "ropes")], "someone") == []


@pytest.mark.parametrize("query", ["c++", "C#", "C++ for beginners", "learn c++"])
def test_a_letter_with_a_symbol_is_not_the_letter(query: str) -> None:
    """The catalog knows neither language, and has the key of C."""
    assert [one.title for one, score in INDEX.search(query, 5) if score >= 0.2] == []


def test_a_query_without_a_known_word_finds_nothing() -> None:
    queries = [*UNKNOWN, "", " ", "!!!", "🙂", "the of and", "\ud800"]
    assert {query: found for query in queries if (found := INDEX.search(query, 5))} == {}


def test_underwater_drone_footage_brings_videos_of_just_that() -> None:
    results = INDEX.search("underwater drone footage", 3)
    assert all(one.type == "video" for one, _ in results)
    assert all("underwater drone" in one.title.lower() for one, _ in results)


def test_a_query_for_docker_finds_no_dogs() -> None:
    assert "dogs" not in {subject_of(one) for one, _ in INDEX.search("docker", 50)[:20]}


@given(st.text(st.characters(codec=None), min_size=1, max_size=80) | st.sampled_from(list(EVERYDAY)))
def test_any_query_gives_ranked_scores_between_0_and_1(query: str) -> None:
    results = INDEX.search(query, 20)
    assert len(results) in {0, 20}
    assert all(0 <= score <= 1 and round(score, 4) == score for _, score in results)
    assert results == sorted(results, key=lambda result: (-result[1], result[0].id))
    assert len({one.id for one, _ in results}) == len(results)


@given(st.sampled_from([*EVERYDAY, "xyzzy", "!!!", "the"]), st.integers(1, 50))
def test_a_smaller_limit_gives_the_beginning_of_a_larger_one(query: str, limit: int) -> None:
    assert INDEX.search(query, limit) == INDEX.search(query, 50)[:limit]


def test_results_that_only_fill_up_score_low() -> None:
    """An item without any word that matters, but in its description, scores below 0.2."""
    texts = {
        one.id: f"{one.title} {one.creator} {one.type} {' '.join(one.tags)} {one.keywords}".lower() for one in ITEMS
    }
    high, unchecked = [], []
    for query, (_, pattern) in EVERYDAY.items():
        matters = re.compile(rf"\b(?:{pattern})\b")
        fill_ups = [found for found in INDEX.search(query, 1000) if not matters.search(texts[found[0].id])]
        high += [(query, one.title, score) for one, score in fill_ups if score >= 0.2]
        if not fill_ups:
            unchecked.append(query)
    assert high == []
    assert unchecked == []


def test_the_order_of_the_catalog_does_not_matter() -> None:
    assert SearchIndex(reversed(ITEMS)).search("drone footage", 50) == INDEX.search("drone footage", 50)


def test_equal_items_come_in_the_order_of_their_ids() -> None:
    index = SearchIndex([item(number, "Knots for sailors") for number in [*range(0, 900, 2), *range(1, 900, 2)]])
    results = index.search("knots", 3)
    assert [one.id for one, _ in results] == ["vid_000", "vid_001", "vid_002"]
    assert len({score for _, score in results}) == 1


def test_a_limit_beyond_the_catalog_gives_the_whole_catalog() -> None:
    index = SearchIndex([item(1, "Knots"), item(2, "Sails")])
    assert [(one.id, score > 0) for one, score in index.search("sails", 50)] == [("vid_002", True), ("vid_001", False)]


def test_an_index_of_nothing_finds_nothing() -> None:
    assert SearchIndex([]).search("knots", 5) == []


def test_an_item_without_any_word_is_an_item_like_others() -> None:
    index = SearchIndex([item(1, "!!!"), item(2, "Knots", "🙂")])
    assert [one.id for one, _ in index.search("knots", 2)] == ["vid_002", "vid_001"]


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("knots", item(2, "Knots"), item(1, "Sails", description="A word on knots.")),
        ("knots", item(2, "Sails", "knots"), item(1, "Ropes", "rigging", description="A word on knots.")),
        ("knots", item(2, "Sails", "knots"), item(1, "Sails", "the history of knots")),
        ("knot tying", item(2, "Tying a knot"), item(1, "Knots")),
        ("best knots", item(2, "Knots"), item(1, "The Best Sails")),
        ("knots", item(2, "Knots"), item(1, "Knots and twenty other things that nobody ever asked about")),
        ("a podcast about knots", item(2, "Knots", kind="podcast"), item(1, "Knots")),
        ("knots to listen to", item(2, "Knots", kind="podcast"), item(1, "Knots")),
        ("watch knots", item(2, "Knots"), item(1, "Knots", kind="podcast")),
        ("boat", item(2, "A ship at sea", keywords="boat"), item(1, "A car on land")),
    ],
)
def test_the_better_fit_comes_first(query: str, better: CatalogItem, worse: CatalogItem) -> None:
    assert found([better, worse], query)[0][0] == better.id


def test_what_the_best_matches_are_about_comes_after_them() -> None:
    """An item on the same subject fills up, with a low score; one on another subject that shares a word comes later."""
    best = [item(number, f"Bowline knot {number}", "sailing", "knots") for number in range(3)]
    related = item(10, "Anchors", "sailing", "knots")
    stray = item(11, "A bowline of thoughts", "poetry")
    results = found([*best, related, stray], "bowline knot")
    assert [one for one, _ in results[:3]] == ["vid_000", "vid_001", "vid_002"]
    assert dict(results)["vid_010"] > dict(results)["vid_011"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("knots", "knots"),
        ("rigginf", "rigging"),
        ("rigginp", ""),
        ("riging", "rigging"),
        ("riggging", "rigging"),
        ("irgging", ""),
        ("rigglng", ""),
        ("sail", "sail"),
        ("sall", ""),
        ("saip", ""),
        ("riggng", "rigging"),
        ("knits", "knots"),
        ("knats", ""),
        ("navigatixn", "navigation"),
        ("nawigatixn", ""),
        ("navigatiom", "navigation"),
        ("navigatin", "navigation"),
        ("nxavigation", "navigation"),
        ("nvaigation", "navigation"),
        ("riggnig", "rigging"),
    ],
)
def test_a_word_with_one_slip_finds_what_was_meant(typed: str, meant: str) -> None:
    """A slip leaves the first letter; in words of five to seven letters a wrong one is a neighboring key."""
    items = [item(number, word, "x") for number, word in enumerate(["knots", "rigging", "sail", "navigation"])]
    names = {f"vid_{number:03}": one.title for number, one in enumerate(items)}
    assert [names[one] for one, score in found(items, typed) if score > 0.2] == ([meant] if meant else [])


@pytest.mark.parametrize("word", ["drones", "zzzzzzzzzzzzzzzzzzzz"])
def test_a_query_of_four_mebibytes_takes_no_time(word: str) -> None:
    """The search reads only the first characters of a query."""
    query = f"{word} " * (2**22 // (len(word) + 1))
    start = time.process_time()
    results = INDEX.search(query, 5)
    assert time.process_time() - start < 0.5
    assert results == INDEX.search(word, 5)
