"""The chat model: what it makes of requests, that it is a pure function, and that nothing upsets it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clevora_mock.models import tokens
from clevora_mock.models.chat import ChatModel, Turn
from clevora_mock.models.phrases import load

MODEL = ChatModel(load(Path(__file__).parents[2].joinpath("fixtures/chat.json").read_bytes()))
Check = Callable[[str], bool]


def ask(*texts: str, system: str = "", seed: int = 1, response_format: dict[str, object] | None = None) -> str:
    """The answer to the last of `texts`, after the answers to the others."""
    turns = [Turn("system", system)] if system else []
    reply = ""
    for text in texts:
        turns.append(Turn("user", text))
        reply = MODEL.reply(turns, seed=seed, response_format=response_format)
        turns.append(Turn("assistant", reply))
    return reply


def has(*words: str) -> Check:
    return lambda reply: all(word.lower() in reply.lower() for word in words)


def items(count: int) -> Check:
    """A numbered list of exactly `count` different entries."""

    def check(reply: str) -> bool:
        lines = re.findall(r"^(\d+)\. (.+)$", reply, re.MULTILINE)
        return [int(at) for at, _ in lines] == list(range(1, count + 1)) and len({text for _, text in lines}) == count

    return check


def bullets(count: int) -> Check:
    return lambda reply: all(line.startswith("- ") for line in reply.split("\n")) and reply.count("\n") == count - 1


def keys(*names: str) -> Check:
    return lambda reply: set(json.loads(reply)) == set(names)


def exactly(text: str) -> Check:
    return lambda reply: reply == text


def one_sentence(reply: str) -> bool:
    return len(re.findall(r"[.!?](?:\s|$)", reply)) == 1


INTENTS: list[tuple[str, Check]] = [
    ("Hello!", has("?")),
    ("Hi, I'm Ana", has("Ana")),
    ("hey there", has("?")),
    ("how are you?", has("?")),
    ("Thanks a lot!", lambda reply: tokens.count(reply) > 5),
    ("bye", lambda reply: tokens.count(reply) > 5),
    ("What is the capital of France?", has("Paris")),
    ("who wrote Hamlet?", has("Shakespeare")),
    ("What is photosynthesis?", has("plants", "light")),
    ("What are carbon taxes?", has("carbon taxes")),
    ("Why is my code so slow?", has("why your code is so slow")),
    ("How do I change my bike tire?", has("change your bike tire")),
    ("When did the Titanic sink?", has("titanic")),
    ("Where is Mount Fuji?", has("where Mount Fuji is")),
    ("How many people live in Oslo?", has("how many people live in Oslo")),
    ("Is Python good for beginners?", has("whether Python is good for beginners")),
    ("Should I learn Rust?", has("whether you should learn Rust")),
    ("Why don't penguins fly?", has("why penguins don't fly")),
    ("Write an email to Sarah about the budget", has("Subject:", "Hi Sarah", "budget")),
    ("Write a poem about my cat", lambda reply: "my cat" in reply.lower() and reply.count("\n") > 8),
    ("Write a haiku about recursion", lambda reply: "recursion" in reply.lower() and reply.count("\n") >= 3),
    ("Draft a tweet about our bakery", has("our bakery", "#")),
    ("Write a story about a dragon", lambda reply: "dragon" in reply and tokens.count(reply) > 60),
    (
        "Write a blog post about remote work",
        lambda reply: reply.startswith("# ") and tokens.count(reply) > 120,
    ),
    ("YouTube intro about cooking", has("cooking")),
    ("Write a cover letter for a nurse position", has("nurse position")),
    ("Compose a product description for a solar lamp", has("solar lamp")),
    ("Give me 5 ideas for a birthday party", items(5)),
    ("give me 17 tips for learning Spanish", items(17)),
    ("list 40 names for a coffee shop", items(40)),
    ("Suggest three titles for a book about bees", items(3)),
    ("list the planets", items(8)),
    ("10 hashtags for gardening", items(10)),
    ("What are the pros and cons of remote work?", has("Pros", "Cons")),
    (
        "Summarize: The harbor opened in 1890. It was the largest harbor. Birds sang.",
        has("harbor opened in 1890"),
    ),
    ("tl;dr: The meeting was moved to Friday because the room is being painted.", has("moved to Friday")),
    ("Translate 'good morning' to French", has("bonjour")),
    ("Translate to German: The invoice is due on Monday", has("German", "invoice")),
    ("Explain quantum computing in simple terms", has("quantum computing")),
    ("Compare cats and dogs", has("cats", "dogs")),
    ("Python vs Go", has("Python", "Go")),
    ("Which is better, tea or coffee?", has("tea", "coffee")),
    ("Write a Python function that reverses a string", has("```python", "[::-1]")),
    ("Write a SQL query that finds late orders", has("```sql", "SELECT")),
    ("what is 12 * 7", has("84")),
    ("What is (3 + 4) * 2 / 7?", has(" 2")),
    ("What is 15% of 80?", has("12")),
    ("calculate 2 to the power of 10", has("1024")),
    ("9^9^9^9", lambda reply: tokens.count(reply) > 5),
    ("1/0", lambda reply: tokens.count(reply) > 5),
    ("I'm learning Rust and it's hard.", has("you're learning Rust")),
    ("I got promoted today!", lambda reply: "sorry" not in reply.lower()),
    ("Say this is a test", exactly("This is a test")),
    ("Reply with exactly: pong", exactly("pong")),
    ('Repeat after me: "Zebra, 42!"', exactly("Zebra, 42!")),
    ("Count to 5", exactly("1, 2, 3, 4, 5.")),
    ("Answer in one sentence: what is gravity?", one_sentence),
    ("Write a one-sentence bedtime story about a unicorn", one_sentence),
    ("What is Docker? Answer in 3 bullet points.", bullets(3)),
    ("Tell me about whales in all caps", lambda reply: reply == reply.upper() and "WHALES" in reply),
    ("Describe autumn in under 20 words", lambda reply: len(reply.split()) <= 20),
    ("Classify as positive, negative or neutral: I love this phone", exactly("Positive")),
    ("Extract the names: Maria Lopez met John", has("Maria Lopez", "John")),
    ("Rewrite this politely: send me the file", has("Could you please send me the file?")),
    ("Say hello in Spanish", has("hola")),
    ("Give me a list of healthy snacks", items(5)),
    ("What are the steps to start a podcast?", items(5)),
    ("Generate 3 titles for my video about drones", has("drones")),
    ("Write an email to my team announcing the new schedule", has("about the new schedule")),
    ("Can you help me?", lambda reply: tokens.count(reply) > 12),
    ("Please help me plan a trip to Japan", has("plan a trip to Japan")),
    ("Give me an example of irony", has("irony")),
    ("You are great!", lambda reply: "great" not in reply.lower() or "?" in reply),
    ("the history of jazz", has("the history of jazz")),
    ("Tell me a joke", lambda reply: tokens.count(reply) > 8),
    ("What's the weather like in Paris?", lambda reply: tokens.count(reply) > 8),
    ("¿Por qué el cielo es azul?", has("cielo es azul")),
    ("東京の天気は?", has("東京")),
    ("!!!", has("!!!")),
    ("", lambda reply: tokens.count(reply) > 5),
    ("👍", has("👍")),
    ("Respond in JSON with keys title and tags about hiking", keys("title", "tags")),
    ("Return only valid JSON with the fields name (string) and age (number)", keys("name", "age")),
    ("As JSON with keys a, b and c: tell me about bees", keys("a", "b", "c")),
    ('Describe a lamp like {"title": "...", "price": 0} as JSON', keys("title", "price")),
    ("Give me a JSON array of 3 colors", lambda reply: len(json.loads(reply)) == 3),
    ("What is JSON?", has("text format")),
]


@pytest.mark.parametrize(("prompt", "check"), INTENTS, ids=[prompt[:40] for prompt, _ in INTENTS])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_answer_takes_up_what_was_asked(prompt: str, check: Check, seed: int) -> None:
    reply = ask(prompt, seed=seed)
    assert check(reply), reply


TALKS: list[tuple[list[str], str, Check]] = [
    (["What is the capital of France?", "What about Spain?"], "", has("Madrid")),
    (["How do I bake bread?", "tell me more"], "", has("baking bread")),
    (["What are carbon taxes?", "why?"], "", has("carbon taxes")),
    (["Tell me about tides", "Can you give me an example?"], "", has("tides")),
    (["My name is Ana", "What's my name?"], "", has("Ana")),
    (["What's my name?"], "", has("name")),
    (["I like tea", "What did I just say?"], "", has("“I like tea”")),
    (["Explain tides", "Summarize our conversation"], "", has("tides")),
    (["What is Docker?"], "You are a pirate.", lambda reply: "the " not in reply.lower().split()),
    (["What is Docker?"], "Answer in one sentence.", one_sentence),
    (["anything"], "Reply only with 'OK'.", exactly("OK")),
    (["anything"], "Always respond with exactly PONG", exactly("PONG")),
    (["Is the earth flat?"], "Answer yes or no only.", lambda reply: reply in {"Yes.", "No."}),
    (["What is the capital of Italy?"], "Answer with one word.", exactly("Rome.")),
    (["Who are you?"], "You are Nova, a helpful assistant.", has("Nova")),
    (["Bees"], "Always respond in JSON with keys topic and note.", keys("topic", "note")),
]


@pytest.mark.parametrize(("texts", "system", "check"), TALKS)
def test_an_answer_follows_the_conversation(texts: list[str], system: str, check: Check) -> None:
    reply = ask(*texts, system=system)
    assert check(reply), reply


def test_a_tool_result_is_taken_up() -> None:
    turns = [Turn("user", "Weather in Rome?"), Turn("assistant", ""), Turn("tool", "21 degrees, sunny")]
    assert "21 degrees, sunny" in MODEL.reply(turns, seed=1)


SAME = [
    "What is love?",
    "Write a poem about the sea",
    "Give me 5 ideas for lunch",
    "JSON with keys a and b",
    "12*7",
]


@pytest.mark.parametrize("prompt", SAME)
def test_the_same_request_has_the_same_answer(prompt: str) -> None:
    assert ask(prompt) == ask(prompt)


@pytest.mark.parametrize("prompt", [*SAME[:3], "Hello!", "How do I learn to swim?", "Write an email about my vacation"])
def test_another_seed_has_another_answer(prompt: str) -> None:
    assert len({ask(prompt, seed=seed) for seed in range(30)}) >= 26


def test_another_history_has_another_answer() -> None:
    told = {ask(first, "Should I learn Rust?") for first in ("Hello!", "Hi!", "Hey there!", "Good morning!", "Thanks!")}
    assert len(told) == 5


def test_a_plain_json_mode_gives_one_object_with_nothing_around_it() -> None:
    for prompt in ("What is an atom?", "Give me 3 gift ideas", "hello", "", "Write a poem", "🙂"):
        assert isinstance(json.loads(ask(prompt, response_format={"type": "json_object"})), dict)


def test_the_text_format_changes_nothing_about_the_kind_of_answer() -> None:
    assert "Paris" in ask("What is the capital of France?", response_format={"type": "text"})


PLAIN = [
    "What is a comet?",
    "Why is grass green?",
    "How do I tie a tie?",
    "Is tea healthy?",
    "I bought a bike",
    "Who was Cleopatra?",
]


@pytest.mark.parametrize("prompt", PLAIN)
def test_an_answer_is_of_a_usual_length(prompt: str) -> None:
    for seed in range(20):
        assert 18 <= tokens.count(ask(prompt, seed=seed)) <= 130


@pytest.mark.parametrize("prompt", [prompt for prompt, _ in INTENTS])
def test_no_answer_has_slips_of_the_template(prompt: str) -> None:
    for seed in range(12):
        reply = ask(prompt, seed=seed)
        quoted = prompt and prompt in reply
        assert quoted or not re.search(r"\.\.|,,|[?!]\.|  \S|\{|\}| \.|\ba [aeiou]\w+ idea", _prose(reply)), reply


def _prose(reply: str) -> str:
    """A reply without its code and JSON."""
    return "" if reply[:1] in "{[" else re.sub(r"```.*?```", "", reply, flags=re.DOTALL)


HUGE = [
    "a" * 100_000,
    "x y " * 25_000,
    "Is it? " * 15_000,
    '{"a":' * 20_000,
    "(" * 100_000,
    "1+" * 50_000,
    ",a" * 50_000,
    "\n" * 100_000,
    "translate " + "'" * 100_000,
    "\U0001f600" * 50_000,
    "json with keys " + "a, " * 30_000,
    "Summarize: " + "The cat sat. " * 8_000,
    "A" * 50_000 + "@" * 50_000,
    "say " * 25_000,
]


@pytest.mark.parametrize("text", HUGE, ids=[text[:10] for text in HUGE])
def test_a_huge_message_is_answered_briefly(text: str) -> None:
    assert 0 < len(ask(text)) < 6000
    assert 0 < len(ask("hi", system=text)) < 6000


ROLES = st.sampled_from(["user", "assistant", "system", "developer", "tool"])
VOCABULARY = """
    what why how who is are the a write list give me five 3 json summarize translate to in one sentence say
    exactly compare and or with keys name age email: {"a":1} ? . ! ' " ( ) * + 12 7 / poem code my you I
"""
WORDS = st.sampled_from(VOCABULARY.split())
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=12).map(" ".join))
FORMATS = st.sampled_from([None, {"type": "text"}, {"type": "json_object"}])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.builds(Turn, ROLES, TEXTS), max_size=6), st.integers(0, 2**63), FORMATS)
def test_any_conversation_has_an_answer(turns: list[Turn], seed: int, form: dict[str, object] | None) -> None:
    reply = MODEL.reply(turns, seed=seed, response_format=form)
    assert reply.strip()
    assert len(reply) < 20_000
    reply.encode()
    if form == {"type": "json_object"}:
        json.loads(reply)


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(), max_size=40))
def test_text_that_cannot_be_encoded_is_never_given_back(text: str) -> None:
    ask("Say exactly " + text + "\ud800").encode()
    ask(text + "\udfff", system="Reply only with '" + text + "\ud83d'").encode()
