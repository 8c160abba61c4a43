"""Scripts: within their budget and about their topic whatever it is, of the structure that their style has (G1-G3)."""

import json
import re
from itertools import product
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.models.scripts import GeneratedScript, ScriptModel, Section, load_phrases, tokens
from tests.support.examples import share

MODEL = ScriptModel(load_phrases(Path(__file__).parents[2].joinpath("fixtures/scripts.json").read_bytes()))
STYLES = ["youtube", "podcast", "tiktok"]
LENGTHS = ["short", "medium", "long"]
# Tokens (G2).
BUDGETS = {"short": 300, "medium": 900, "long": 2400}
TOPICS = [
    "a",
    "Coffee",
    "How to bake sourdough bread",
    "why cats purr",
    "日本の茶道について",
    "😀🎉👩‍👩‍👧",
    "  padded  topic ",
    "word " * 200,
    "x" * 10_000,
    "",
    "   ",
    "!!!",
    "a.b.c.d.e.f.g.h.i.j.k.l",
    "( " * 50,
    "-" * 60,
    "{topic}",
    'it\'s "great"',
    "ab " * 3000,
    "[cue] in brackets",
    "MAYA: hello||BEN: hi",
]


def lines(script: GeneratedScript) -> list[str]:
    return [line for section in script.sections for line in section.content.split("\n")]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("length", LENGTHS)
def test_a_script_uses_most_of_its_budget_and_never_more(style: str, length: str) -> None:
    for topic in TOPICS:
        for seed in range(8):
            used = tokens(MODEL.write(topic, style, length, seed=seed)) / BUDGETS[length]
            assert (topic[:20], seed, 0.8 <= used <= 1) == (topic[:20], seed, True)


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@share(1)
@given(
    ANY,
    st.sampled_from(STYLES),
    st.sampled_from(LENGTHS),
    st.integers(0, 2**40),
)
def test_any_topic_keeps_to_the_budget_without_repeating_a_line(topic: str, style: str, length: str, seed: int) -> None:
    script = MODEL.write(topic, style, length, seed=seed)
    assert 0.8 <= tokens(script) / BUDGETS[length] <= 1
    said = lines(script)
    assert len(set(said)) == len(said)
    msgspec.json.encode(script)


def test_the_tokens_are_those_of_all_the_text() -> None:
    """Title, hook, the section's heading and content, and the call to action, counted by hand."""
    section = Section("Cold Open", "MAYA: Bees!\nBEN: Extraordinarily.", 30)
    script = GeneratedScript("All about bees", "Bees, you say?", [section], "Subscribe for more, friends")
    assert tokens(script) == 3 + 5 + 2 + 9 + 5


def test_a_script_is_sent_in_camel_case() -> None:
    sent = msgspec.to_builtins(MODEL.write("bees", "youtube", "short", seed=1))
    assert list(sent) == ["title", "hook", "sections", "callToAction"]
    assert list(sent["sections"][0]) == ["heading", "content", "durationSeconds"]


@pytest.mark.parametrize("length", LENGTHS)
def test_podcast_hosts_talk_in_turn(length: str) -> None:
    for section in MODEL.write("bees", "podcast", length, seed=2).sections:
        speakers = [line.split(":")[0] for line in section.content.split("\n")]
        assert speakers == ["MAYA", "BEN"] * (len(speakers) // 2)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_podcast_opens_cold(length: str) -> None:
    assert MODEL.write("bees", "podcast", length, seed=3).sections[0].heading == "Cold Open"


@pytest.mark.parametrize("length", LENGTHS)
def test_a_video_has_cues_and_numbered_chapters(length: str) -> None:
    script = MODEL.write("bees", "youtube", length, seed=3)
    assert any("[" in line for line in lines(script))
    chapters = [int(found[1]) for s in script.sections if (found := re.match(r"Chapter (\d+): ", s.heading))]
    assert chapters == list(range(1, len(chapters) + 1))


@pytest.mark.parametrize(("length", "low", "high"), [("short", 15, 30), ("medium", 45, 60), ("long", 90, 180)])
def test_the_seconds_of_a_short_video_add_up(length: str, low: int, high: int) -> None:
    for seed in range(40):
        script = MODEL.write("bees", "tiktok", length, seed=seed)
        at = 0
        for section in script.sections:
            start, end = map(int, re.match(r"(\d+)\u2013(\d+) s: ", section.heading).groups())  # type: ignore[union-attr]
            assert (start, end) == (at, at + section.duration_seconds)
            at = end
        assert low <= at <= high


@pytest.mark.parametrize("style", ["youtube", "podcast"])
@pytest.mark.parametrize("length", LENGTHS)
def test_spoken_sections_last_as_long_as_it_takes_to_say_them(style: str, length: str) -> None:
    script = MODEL.write("bees", style, length, seed=4)
    words = len(re.sub(r"\[[^\]]*\]|[A-Z]+:", " ", " ".join(s.content for s in script.sections)).split())
    assert sum(s.duration_seconds for s in script.sections) == pytest.approx(words / 2.5, rel=0.05)


def test_the_same_arguments_give_the_same_script_and_others_another() -> None:
    write = MODEL.write
    assert write("bees", "youtube", "long", seed=1) == write("bees", "youtube", "long", seed=1)
    assert len({write("bees", "youtube", "short", seed=seed).hook for seed in range(40)}) > 3
    assert len({str(write("bees", style, "short", seed=seed)) for style in STYLES for seed in range(20)}) == 60


@pytest.mark.parametrize("style", STYLES)
def test_no_heading_promises_a_number_of_parts(style: str) -> None:
    """Any part but the first line may be missing in a script, and *Step one* calls for a second."""
    counted = re.compile(r"\b(?:two|three|four|five|step one)\b", re.IGNORECASE)
    for length, seed in product(LENGTHS, range(30)):
        script = MODEL.write("bees", style, length, seed=seed)
        assert [section.heading for section in script.sections if counted.search(section.heading)] == []


# Nouns, questions, orders, clauses, other languages.
GRAMMARS = [
    "Grief and how to live with it",
    "How to bake bread",
    "Why do cats purr?",
    "Bake bread",
    "Remote Work",
    "what I learned from losing",
    "¿Qué es la fotosíntesis?",
    "量子コンピュータ",
    "NASA",
    "iPhone vs. Android",
    "Don't panic!",
]


def sentences(script: GeneratedScript) -> list[str]:
    return [script.hook, script.call_to_action, *lines(script)]


@pytest.mark.parametrize("style", STYLES)
def test_a_topic_is_quoted_as_it_was_given_and_stands_in_the_title(style: str) -> None:
    for topic, seed in product(GRAMMARS, range(6)):
        script = MODEL.write(topic, style, "medium", seed=seed)
        assert topic in script.title
        quoting = [sentence for sentence in sentences(script) if topic.lower() in sentence.lower()]
        assert len(quoting) >= 2
        assert all(f"\u201c{topic}\u201d" in sentence for sentence in quoting)


@pytest.mark.parametrize("style", STYLES)
def test_without_its_topic_a_script_says_the_same_about_anything(style: str) -> None:
    """No sentence is bent to the topic's grammar, and none claims to know the subject."""
    scripts = [MODEL.write(topic, style, "long", seed=0) for topic in ("Grief", "Bread")]
    said = [{line.replace("Grief", "Bread") for line in sentences(script)} for script in scripts]
    shared = phrases(style, "Bread")
    assert all(line in shared for line in said[0] | said[1])


def phrases(style: str, topic: str) -> set[str]:
    """Every line that the data holds, with `topic` in quotes."""
    data = json.loads(Path(__file__).parents[2].joinpath("fixtures/scripts.json").read_text(encoding="utf-8"))[style]
    pools = [data["hooks"], data["calls"]]
    pools += [section.get(kind, []) for section in data["sections"] for kind in ("openings", "lines")]
    pools += [[f"{label}: {text}" for text in pool] for label, pool in data.get("layers", {}).items()]
    found = {line.replace("{topic}", f"\u201c{topic}\u201d") for pool in pools for line in pool}
    halves = {
        f"{who}: {half}"
        for line in found
        if "||" in line
        for who, half in zip(["MAYA", "BEN"], line.split("||"), strict=True)
    }
    return found | halves


def test_a_long_topic_is_shortened_where_it_is_quoted() -> None:
    script = MODEL.write("the story of a very long winter in a very small town " * 20, "youtube", "medium", seed=1)
    assert "the story of a very long winter in a\u2026" in script.title
    assert max(map(len, lines(script))) < 300
