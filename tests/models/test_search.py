import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.models import catalog, search
from clevora_mock.models.catalog import Item
from clevora_mock.models.embeddings import Embedder
from clevora_mock.models.search import SearchIndex
from clevora_mock.models.words import stem, words
from clevora_mock.resources import fixture

# Recorded once and the same on every machine; to be recorded anew when the catalog or the ranking changes.
GOLDEN = json.loads(Path(__file__).with_name("golden_searches.json").read_text(encoding="utf-8"))

# What people type → the subjects that its first three results may be about.
EVERYDAY = {
    "underwater drone footage": "underwater drones",
    "scuba diving for beginners": "underwater",
    "what lives on a coral reef": "underwater",
    "sharks and other sea creatures": "underwater",
    "is it legal to fly my drone here": "drones",
    "aerial shots of mountains": "drones",
    "how to bake sourdough bread": "baking",
    "easy chocolate cake": "baking",
    "why is my dough not rising": "baking",
    "quick vegan dinner recipes": "cooking",
    "what can I make with leftover chicken": "cooking",
    "how do I cook rice": "cooking",
    "when to plant tomatoes": "gardening",
    "indoor plants that are hard to kill": "gardening",
    "black holes and neutron stars": "astronomy",
    "best telescope for kids": "astronomy",
    "nasa mars mission": "astronomy",
    "explain how chatgpt works": "machine-learning",
    "train a neural network": "machine-learning",
    "python tutorial for absolute beginners": "programming",
    "javascript frameworks": "programming",
    "best stocks for beginners": "finance",
    "how to get out of debt": "finance",
    "saving money each month": "finance",
    "build a table out of reclaimed wood": "woodworking",
    "training for my first marathon": "running",
    "couch to 5k": "running",
    "lose weight at home without equipment": "fitness",
    "gym exercises for abs": "fitness",
    "sleep meditation": "meditation",
    "relaxing yoga stretches": "meditation",
    "best camera settings for portraits": "photography",
    "cheap flights and hotels": "travel",
    "what to see in japan": "travel",
    "daily life in the roman empire": "history",
    "who were the pharaohs of egypt": "history",
    "unsolved murder mysteries": "true-crime",
    "how to mix vocals": "music-making",
    "make beats on a laptop": "music-making",
    "easy acoustic guitar songs": "guitar",
    "my toddler will not sleep": "parenting meditation",
    "how to talk to my teenager": "parenting",
    "learn spanish fast": "languages",
    "is an electric car worth it": "cars",
    "strange noise from my engine": "cars",
    "fix a flat bicycle tire": "cycling cars",
    "indie games worth playing": "gaming",
    "shoot a movie with no budget": "filmmaking",
    "how to start my own business": "startups",
    "finding investors for my startup": "startups",
    "solar energy for the home": "climate",
    "carbon footprint and pollution": "climate",
    "why am I always anxious": "psychology",
    "how to stop procrastinating": "psychology",
    "how to get my novel published": "writing",
    "espresso at home": "coffee",
    "knit a sweater": "sewing",
    "puppy won't stop barking": "dogs",
    "my cat scratches the sofa": "dogs",
    "which birds visit my feeder": "wildlife",
    "wolves in the forest": "wildlife",
    "chess openings for white": "chess",
    "soldering and circuits": "electronics",
    "raspberry pi ideas": "electronics",
    "help with calculus homework": "mathematics",
    "most beautiful skyscrapers": "architecture",
    "world cup goals": "soccer",
    "camping with a tent in the rain": "camping",
    "quantum physics for dummies": "physics",
    "einstein's theory of relativity": "physics",
    "tips for a job interview": "careers",
    "ask my boss for more salary": "careers",
    "fix a leaking tap": "home-repair",
    "unclog the bathroom sink": "home-repair",
}

# Typing goes wrong; the vectors' view of spelling should still find the subject.
MISSPELLED = {
    "photografy": "photography",
    "meditaton": "meditation",
    "astronomey": "astronomy",
    "gardning": "gardening",
    "woodwrking": "woodworking",
    "pyschology": "psychology",
    "architechture": "architecture",
    "filmaking": "filmmaking",
}


def item(number, title, tags=(), description="", kind="video"):
    return Item(
        id=f"vid_{number:03}",
        title=title,
        type=kind,
        description=description,
        creator="Someone",
        url="https://media.clevora.example/v/1",
        thumbnail_url="https://images.clevora.example/v/1.jpg",
        duration_seconds=60,
        published_at="2024-05-01T09:30:00Z",
        tags=tuple(tags),
    )


def titles(results):
    return [found.title for found, _ in results]


@pytest.fixture(scope="module")
def index():
    return SearchIndex(catalog.load(fixture("catalog.jsonl")), Embedder())


@pytest.mark.parametrize(("query", "subjects"), EVERYDAY.items())
def test_an_everyday_query_finds_its_subject_first(index, query, subjects):
    results = index.search(query, 3)
    assert [(one.subject, one.title) for one, _ in results if one.subject not in subjects.split()] == []


@pytest.mark.parametrize(("query", "subject"), MISSPELLED.items())
def test_a_misspelled_query_still_finds_its_subject(index, query, subject):
    assert index.search(query, 1)[0][0].subject == subject


def test_underwater_drone_footage_finds_an_underwater_drone_first(index):
    [(first, _)] = index.search("underwater drone footage", 1)
    assert {"underwater", "drone"} <= {stem(word) for word in words(f"{first.title} {' '.join(first.tags)}")}


@pytest.mark.parametrize(("query", "results"), GOLDEN.items())
def test_a_golden_query_gives_its_recorded_ids_and_scores(index, query, results):
    assert [[one.id, score] for one, score in index.search(query, len(results))] == results


@given(st.text(st.characters(codec=None), min_size=1, max_size=80) | st.sampled_from(list(EVERYDAY)))
def test_any_query_gives_ranked_scores_between_0_and_1(index, query):
    results = index.search(query, 20)
    assert len(results) == 20
    assert all(0 <= score <= 1 and round(score, 4) == score for _, score in results)
    assert results == sorted(results, key=lambda result: (-result[1], result[0].id))
    assert len({one.id for one, _ in results}) == 20


@given(st.sampled_from([*EVERYDAY, "xyzzy", "!!!", "the"]), st.integers(1, 50))
def test_a_smaller_limit_gives_the_beginning_of_a_larger_one(index, query, limit):
    assert index.search(query, limit) == index.search(query, 50)[:limit]


@pytest.mark.parametrize("query", ["", " ", "!!!", "🙂", "the of and", "qqxxzzy wvvwk", "\ud800"])
def test_a_query_that_nothing_fits_still_has_results_with_low_scores(index, query):
    results = index.search(query, 5)
    assert len(results) == 5
    assert all(score < 0.2 for _, score in results)


def test_the_order_of_the_catalog_does_not_matter(index):
    items = catalog.load(fixture("catalog.jsonl"))
    turned = SearchIndex(reversed(items), Embedder())
    assert turned.search("drone footage", 50) == index.search("drone footage", 50)


def test_a_search_does_not_depend_on_the_searches_before_it(index):
    fresh = SearchIndex(catalog.load(fixture("catalog.jsonl")), Embedder())
    for query in list(EVERYDAY)[::-7]:
        assert fresh.search(query, 10) == index.search(query, 10)


def test_what_is_remembered_of_spellings_is_bounded_and_changes_no_result(index, monkeypatch):
    monkeypatch.setattr(search, "_REMEMBERED", 5)
    small = SearchIndex(catalog.load(fixture("catalog.jsonl")), Embedder())
    for query in list(EVERYDAY)[:40]:
        assert small.search(query, 10) == index.search(query, 10)
        # One query may have more words than that.
        assert len(small._spell._values) <= max(5, len(query.split()))


def test_equal_items_come_in_the_order_of_their_ids():
    index = SearchIndex([item(number, "Knots for sailors") for number in (3, 1, 2)], Embedder())
    results = index.search("knots", 3)
    assert [one.id for one, _ in results] == ["vid_001", "vid_002", "vid_003"]
    assert len({score for _, score in results}) == 1


def test_equal_items_come_in_the_order_of_their_ids_even_past_the_candidates():
    index = SearchIndex([item(number, "Knots for sailors") for number in range(900)], Embedder())
    assert [one.id for one, _ in index.search("knots", 3)] == ["vid_000", "vid_001", "vid_002"]


def test_a_limit_beyond_the_catalog_gives_the_whole_catalog():
    index = SearchIndex([item(1, "Knots"), item(2, "Sails")], Embedder())
    assert titles(index.search("sails", 50)) == ["Sails", "Knots"]


def test_an_index_of_nothing_finds_nothing():
    assert SearchIndex([], Embedder()).search("knots", 5) == []


def test_an_item_without_any_word_is_an_item_like_others():
    index = SearchIndex([item(1, "!!!"), item(2, "🙂")], Embedder())
    assert titles(index.search("🙂", 2)) == ["!!!", "🙂"]


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("knots", item(2, "Knots"), item(1, "Sails", description="A word on knots.")),
        ("knots", item(2, "Sails", ["knots"]), item(1, "Ropes", ["rigging"], "A word on knots.")),
        ("knot tying", item(2, "Tying a knot"), item(1, "Knots")),
        ("knots", item(2, "Knots"), item(1, "Knots and twenty other things that nobody ever asked about")),
        ("a podcast about knots", item(2, "Knots", kind="podcast"), item(1, "Knots")),
        ("boat", item(2, "A ship at sea"), item(1, "A car on land")),
    ],
)
def test_the_better_fit_comes_first(query, better, worse):
    others = [item(number, f"Something else {number}") for number in range(10, 20)]
    index = SearchIndex([worse, better, *others], Embedder(), synonyms={"boat": ["ship"]})
    assert index.search(query, 1)[0][0] == better


def test_meeting_a_want_by_a_second_synonym_counts_by_half():
    items = [item(1, "ship vessel"), item(2, "ship anchor"), item(3, "tree house")]
    index = SearchIndex(items, Embedder(), synonyms={"boat": ["ship", "vessel"]})
    [want] = index._wants(["boat"])
    ship, vessel = (index._totals([search.Want({at: weight}, weight)]) for at, weight in want.stems.items())
    expected = np.maximum(ship, vessel) + np.minimum(ship, vessel) // 2
    assert np.abs(index._totals([want]) - expected).max() <= 2


@pytest.mark.parametrize(("whole", "part", "expected"), [(1, 1, 16), (3, 1, 32), (1023, 1, 160)])
def test_the_logarithm_is_exact(whole, part, expected):
    assert search._log2_in_sixteenths(whole, part) == expected
