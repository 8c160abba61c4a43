"""The catalog: the shipped one, the builder that makes it, and files of one's own (H4)."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from clevora_mock.catalog import builder
from clevora_mock.catalog.items import CatalogError, CatalogItem, dump_catalog, load_catalog
from clevora_mock.catalog.subjects import load_subjects
from clevora_mock.catalog.title_case import title_case
from clevora_mock.resources import fixture
from tests.support.catalog import subject_of

Write = Callable[[str | bytes], Path]

SHIPPED = fixture("catalog.jsonl")
SUBJECTS = {subject.name: subject for subject in load_subjects()}

# The release whose lists of names the shipped catalog was made with, as constraints.txt has it.
FAKER = "40.54.0"

# The titles of each form, without the number of a part or an episode.
PART = re.compile(r",? (?:Part|Episode) \d+$")
_NAME = r"\w\S+(?: \S+){1,2}"
FORMS = {
    "guide": r"^A Beginner's Guide to ",
    "introduction": r"^A Short Introduction to |: What to Know First$",
    "explainer": r", Explained in \d+ Minutes$|^(?:What Nobody Tells You|The Truth|\d+ Myths) About |^Understanding ",
    "talk": r"^Everything I Know About |^Let's Talk About ",
    "conversation": r"^A Conversation About |^An Honest Talk About |^What .+ Talk About over Dinner$",
    "discussion": r"^(?:Rethinking|The Trouble with|What We Got Wrong|Why (?:We Keep Coming Back|Is It So Hard) to) ",
    "debate": r"^Two Opinions on ",
    "tutorial": r"(?:^|: |and |Learn |A (?:Chef|Polyglot) Explains )How to (?!.+(?: Mistakes$|, with))|"
    r"^The Simple Way to |^Learn to .+ Minutes$",
    "demonstration": r"^Watch Me ",
    "tips": r" Without the Usual Mistakes$|^\d+ Mistakes New |^\d+ Habits of Better ",
    "buying guide": r"^Choosing Your First |: What to Look For$",
    "buying advice": r": Should You Buy One\?$|: Worth the Money\?$",
    "review": r": Is It Worth It\?$|: An Honest Review$|^Testing a Cheap .+ Against |^I Bought the Cheapest ",
    "vlog": r"^A Day in the Life of ",
    "questions": r"^Questions .+ Always Ask, Answered$|^(?:\d+|Your) Questions About |^Listener Questions ",
    "advice": r"^What It Takes to |^\d+ Lessons from ",
    "stories": r"^What I Learned Trying to |^Confessions of |^How I Finally Learned to ",
    "interview": rf"\bwith {_NAME}$|^{_NAME} (?:on|Explains How to) ",
}

GOOD = {
    "id": "vid_1",
    "title": "A Title",
    "type": "video",
    "description": "",
    "creator": "Someone",
    "url": "https://media.clevora.example/v/a-title",
    "thumbnailUrl": "http://localhost:8000/a.jpg",
    "durationSeconds": 60,
    "publishedAt": "2024-05-01T09:30:00Z",
    "tags": ["one", "two"],
}

# A mistake, its field, and a part of the message.
BAD_FIELDS = [
    ({"id": ""}, "id", "length >= 1"),
    ({"id": 7}, "id", "expected `str`, got `int`"),
    ({"title": None}, "title", "expected `str`, got `null`"),
    ({"type": "film"}, "type", "'film'"),
    ({"url": "media.clevora.example/v/1"}, "url", "expected a URL that begins with http:// or https://"),
    ({"thumbnailUrl": "ftp://x"}, "thumbnailUrl", "expected a URL that begins with http:// or https://"),
    ({"durationSeconds": 0}, "durationSeconds", "expected `int` >= 1"),
    ({"durationSeconds": 1.5}, "durationSeconds", "expected `int`, got `float`"),
    ({"publishedAt": "yesterday"}, "publishedAt", "expected a time such as 2024-05-01T09:30:00Z"),
    ({"publishedAt": "2024-05-01T09:30:00+02:00"}, "publishedAt", "expected a time such as"),
    ({"publishedAt": "2024-02-30T09:30:00Z"}, "publishedAt", "expected a real date"),
    ({"tags": "one"}, "tags", "expected `array`, got `str`"),
    ({"tags": ["one", 2]}, "tags[1]", "expected `str`, got `int`"),
]


@pytest.fixture(scope="module")
def items() -> list[CatalogItem]:
    return load_catalog(SHIPPED)


@pytest.fixture
def written(tmp_path: Path) -> Write:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "mine.jsonl"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


class TestShipped:
    def test_the_shipped_catalog_has_1680_items(self, items: list[CatalogItem]) -> None:
        assert len(items) == 1680

    def test_each_of_its_many_subjects_has_both_kinds(self, items: list[CatalogItem]) -> None:
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        for item in items:
            kinds[subject_of(item)][item.type] += 1
        assert len(kinds) == 120
        assert all(count["video"] >= 7 and count["podcast"] >= 7 for count in kinds.values())

    @pytest.mark.parametrize("field", ["id", "title", "url", "thumbnail_url"])
    def test_no_two_items_share_what_should_be_their_own(self, items: list[CatalogItem], field: str) -> None:
        values = [getattr(item, field).casefold() for item in items]
        assert len(set(values)) == len(items)

    def test_every_address_is_in_the_reserved_domain(self, items: list[CatalogItem]) -> None:
        hosts = {urlsplit(url).hostname or "" for item in items for url in (item.url, item.thumbnail_url)}
        assert all(host.endswith(".example") for host in hosts)

    def test_videos_and_podcasts_last_as_long_as_such_things_do(self, items: list[CatalogItem]) -> None:
        minutes = {
            kind: [item.duration_seconds / 60 for item in items if item.type == kind] for kind in ("video", "podcast")
        }
        assert 3 <= min(minutes["video"]) < max(minutes["video"]) <= 62
        assert 20 <= min(minutes["podcast"]) < max(minutes["podcast"]) <= 120

    def test_a_title_that_names_a_length_has_that_length(self, items: list[CatalogItem]) -> None:
        for item in items:
            promised = re.search(r"in (\d+) Minutes$", item.title)
            if promised:
                assert item.duration_seconds // 60 == int(promised[1]), item.title

    def test_everything_was_published_before_2026(self, items: list[CatalogItem]) -> None:
        assert all("2018" <= item.published_at < "2026" for item in items)

    def test_every_item_has_a_few_tags_without_repetition(self, items: list[CatalogItem]) -> None:
        assert all(2 <= len(item.tags) == len({tag.lower() for tag in item.tags}) <= 4 for item in items)

    def test_a_tag_is_the_subject_s_or_stands_in_the_title_or_is_its_form(self, items: list[CatalogItem]) -> None:
        for item in items:
            own = [tag for tag in item.tags if tag not in SUBJECTS[subject_of(item)].tags and tag not in FORMS]
            assert all(tag.lower() in item.title.lower() for tag in own), item

    @pytest.mark.parametrize("form", FORMS)
    def test_the_tag_of_a_form_is_on_titles_of_that_form(self, items: list[CatalogItem], form: str) -> None:
        tagged = {item.title for item in items if form in item.tags[2:]}
        titled = {item.title for item in items if re.search(FORMS[form], PART.sub("", item.title))}
        assert tagged
        assert tagged <= titled

    @pytest.mark.parametrize("form", [form for form in FORMS if form != "interview"])
    def test_a_title_of_a_form_has_the_tag_of_that_form(self, items: list[CatalogItem], form: str) -> None:
        """Except interviews, whose pattern also fits *Keeping House with Three Kids*."""
        titled = [item for item in items if re.search(FORMS[form], PART.sub("", item.title))]
        assert [item.title for item in titled if form not in item.tags] == []

    def test_no_placeholder_or_slip_is_left_in_the_text(self, items: list[CatalogItem]) -> None:
        slip = re.compile(
            r"[{}]|\?\?|  |\bNone\b|\b(\w+) \1\b|\b[Aa] [aeioAEIO](?!ne)|\b[Aa]n [bcdgjkpqtvwyzBCDGJKPQTVWYZ]"
        )
        for item in items:
            for text in (item.title, item.description, item.creator, *item.tags):
                assert not slip.search(text), text

    def test_no_title_has_the_writer_and_the_reader_in_it(self, items: list[CatalogItem]) -> None:
        mixed = re.compile(r"\b(?:I|Me|My|We)\b.*\bYour\b")
        assert [item.title for item in items if mixed.search(item.title)] == []

    def test_titles_and_sentences_begin_with_a_capital(self, items: list[CatalogItem]) -> None:
        for item in items:
            starts = [item.title, *re.split(r"(?<=[.?!]) ", item.description)]
            assert not [start for start in starts if start[:1].islower()], item

    def test_descriptions_are_sentences(self, items: list[CatalogItem]) -> None:
        assert all(item.description.endswith((".", "?")) and len(item.description) > 40 for item in items)

    def test_no_creator_makes_more_than_a_handful(self, items: list[CatalogItem]) -> None:
        assert max(Counter(item.creator for item in items).values()) <= 9

    def test_neighbours_are_about_different_things(self, items: list[CatalogItem]) -> None:
        same = sum(subject_of(first) == subject_of(second) for first, second in pairwise(items))
        assert same < len(items) / 20

    def test_it_is_what_the_builder_builds(self) -> None:
        made, shipped = dump_catalog(builder.build()), SHIPPED.read_bytes()
        assert made == shipped, f"the names are of Faker {FAKER}, and this is Faker {version('faker')}"


class TestBuilder:
    def test_the_same_size_and_seed_give_the_same_bytes(self) -> None:
        first, second = (dump_catalog(builder.build(150, 7)) for _ in range(2))
        assert first == second

    def test_another_seed_gives_another_catalog(self) -> None:
        titles = [{item.title for item in builder.build(150, seed)} for seed in (7, 8)]
        assert len(titles[0] & titles[1]) < 75

    @pytest.mark.parametrize("size", [0, 1, 83, pytest.param(6000, marks=pytest.mark.slow)])
    def test_any_size_has_ids_and_titles_of_its_own(self, size: int) -> None:
        made = builder.build(size, 3)
        assert len(made) == size
        assert len({item.id for item in made}) == len({item.title for item in made}) == size

    def test_a_made_catalog_can_be_loaded(self, written: Write) -> None:
        made = builder.build(100, 3)
        assert load_catalog(written(dump_catalog(made))) == made


class TestSubjects:
    def test_every_pattern_uses_known_slots(self) -> None:
        known = {"theme", "skill", "thing", "people", "setting", "guest", "n"}
        for subject in SUBJECTS.values():
            titles = {slot for line in subject.videos + subject.podcasts for slot in re.findall(r"{(\w+)}", line)}
            names = {slot for line in subject.channels + subject.shows for slot in re.findall(r"{(\w+)}", line)}
            assert (subject.name, titles - known, names - {"first", "last"}) == (subject.name, set(), set())

    def test_a_vocabulary_repeats_nothing(self) -> None:
        for subject in SUBJECTS.values():
            for lines in (subject.themes, subject.skills, subject.things, subject.settings, subject.notes):
                count = len({line.partition(" | ")[0] for line in lines})
                assert (subject.name, count, count >= 3) == (subject.name, len(lines), True)

    def test_a_show_or_channel_belongs_to_one_subject(self) -> None:
        owners: dict[str, set[str]] = defaultdict(set)
        for subject in SUBJECTS.values():
            series = [re.split(r": \{| with \{", pattern)[0] for pattern in subject.videos + subject.podcasts]
            for name in (*subject.shows, *subject.channels, *series):
                if "{" not in name:
                    owners[name].add(subject.name)
        assert {name: subjects for name, subjects in owners.items() if len(subjects) > 1} == {}

    def test_a_setting_speaks_of_nobody(self) -> None:
        """It also stands after what a guest did: *Ana Bought a Home in Your Thirties*."""
        person = re.compile(r"\b(?:my|your|our|you|we|us|me)\b")
        assert [line for subject in SUBJECTS.values() for line in subject.settings if person.search(line)] == []

    def test_its_first_theme_is_in_the_catalog(self, items: list[CatalogItem]) -> None:
        titles: dict[str, str] = defaultdict(str)
        for item in items:
            titles[subject_of(item)] += item.title.lower() + " "
        themes = {name: subject.themes[0].partition(" | ")[0].lower() for name, subject in SUBJECTS.items()}
        assert {name: theme for name, theme in themes.items() if theme not in titles[name]} == {}


class TestTitles:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("the art of baking", "The Art of Baking"),
            ("rise: a bread story", "Rise: A Bread Story"),
            ("black-and-white film", "Black-and-White Film"),
            ("the Tour de France", "The Tour de France"),
            ("an iPhone to look at", "An iPhone to Look At"),
        ],
    )
    def test_titles_are_in_title_case(self, text: str, expected: str) -> None:
        assert title_case(text) == expected


class TestOwnFile:
    @pytest.mark.parametrize("indent", [None, 2])
    def test_a_json_array_is_read(self, written: Write, indent: int | None) -> None:
        content = json.dumps([GOOD, GOOD | {"id": "vid_2"}], indent=indent)
        assert [item.id for item in load_catalog(written(content))] == ["vid_1", "vid_2"]

    def test_json_lines_are_read_and_blank_ones_skipped(self, written: Write) -> None:
        content = f"\n{json.dumps(GOOD)}\r\n\n{json.dumps(GOOD | {'id': 'vid_2'})}"
        assert [item.id for item in load_catalog(written(content))] == ["vid_1", "vid_2"]

    def test_keywords_of_an_own_file_are_read(self, written: Write) -> None:
        assert load_catalog(written(json.dumps(GOOD | {"keywords": "other words"})))[0].keywords == "other words"

    def test_fields_of_its_own_are_ignored(self, written: Write) -> None:
        [item] = load_catalog(written(json.dumps(GOOD | {"rating": 5})))
        assert isinstance(item, CatalogItem)

    @pytest.mark.parametrize(("change", "field", "says"), BAD_FIELDS)
    def test_a_bad_field_is_named_with_file_and_line(
        self, written: Write, change: dict[str, object], field: str, says: str
    ) -> None:
        path = written("\n".join(json.dumps(one) for one in [GOOD, GOOD | {"id": "vid_2"} | change]))
        with pytest.raises(CatalogError) as caught:
            load_catalog(path)
        assert str(caught.value).startswith(f"{path}, line 2, field {field}: ")
        assert says in str(caught.value)

    @pytest.mark.parametrize("field", list(GOOD))
    def test_a_missing_field_is_named(self, written: Write, field: str) -> None:
        path = written(json.dumps({name: value for name, value in GOOD.items() if name != field}))
        with pytest.raises(CatalogError) as caught:
            load_catalog(path)
        assert str(caught.value) == f"{path}, line 1, field {field}: expected a value, but it is missing"

    def test_the_line_of_an_array_s_element_is_where_it_begins(self, written: Write) -> None:
        content = json.dumps([GOOD, GOOD | {"id": "vid_2", "title": 5}], indent=2)
        line = [row.strip() for row in content.split("\n")].index("{", 2) + 1
        with pytest.raises(CatalogError, match=f"line {line}, field title: "):
            load_catalog(written(content))

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("", "expected at least one item"),
            ("[]", "expected at least one item"),
            ('{"id": ', "line 1: expected a JSON object"),
            ("\n\nnonsense", "line 3: expected a JSON object"),
            ("5", "line 1: expected `object`, got `int`"),
            ("[\n5]", "line 2: expected `object`, got `int`"),
            ("[\n{},\n", "line 3: expected a JSON array"),
            ("[{}]\nmore", "line 2: expected a JSON array"),
            (b'{"id": "\xff"}', "line 1: expected UTF-8"),
            (f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}", "line 2, field id: expected a unique id"),
        ],
    )
    def test_a_file_of_the_wrong_shape_is_refused(self, written: Write, content: str | bytes, says: str) -> None:
        with pytest.raises(CatalogError, match=re.escape(says)):
            load_catalog(written(content))

    def test_a_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(CatalogError, match=r"none\.jsonl: cannot be read: No such file"):
            load_catalog(tmp_path / "none.jsonl")
