"""A chat model made of templates: a pure function from a conversation to an answer in readable English.

There is no learning in it. The last message is read for what it asks (`ask`), a form for that intent is
filled with pieces drawn from a pool (`slots`), and the draws start from a digest of the whole conversation
and the seed. So the same request gives the same answer on any machine, and nearly any other request gives
another one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Struct, structs

from clevora_mock.core.chance import Draws, digest
from clevora_mock.models import arithmetic, code, wording
from clevora_mock.models.ask import Ask, introduced, subject_of
from clevora_mock.models.details import details
from clevora_mock.models.language import language_of
from clevora_mock.models.lists import category, entries, numbered
from clevora_mock.models.manner import PLAIN, Manner, at_most, bulleted, dressed, leading, manner
from clevora_mock.models.phrases import Part, Phrases
from clevora_mock.models.reading import read
from clevora_mock.models.regex import Regex
from clevora_mock.models.slots import Slots, compose, sample
from clevora_mock.models.source import Source, sentiment
from clevora_mock.models.summary import condense

if TYPE_CHECKING:
    from clevora_mock.models.schema import Schema

_TEXTS = wording.word_set(
    "email cover haiku poem intro script story tweet blog product slogan speech recipe plan paragraph"
)
_FACTUAL = wording.word_set("what explain who where when quantity why clause")
_CLAUSES = wording.word_set("why clause when where quantity yesno advice")
_ALONE = wording.word_set(
    "greeting smalltalk thanks goodbye more why_back ack compliment role finish example joke identity "
    "live my_name recall odd empty echo again shorter arithmetic count rewrite capability"
)
_POINTING = wording.word_set("it that this them those these they he she")
_ABOUT = Regex(r"\b(?:about|regarding|on the topic of|on the subject of|describing)\s+([^.:\n]{2,80})", re.IGNORECASE)
_FEELING = Regex(r"(?:i|my|we|i'm|i\u2019m|today|it)\b", re.IGNORECASE)
_LOOK_BACK = 8
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Turn(NamedTuple):
    """One message of a conversation."""

    role: str
    text: str


class _Talk(Struct, frozen=True):
    """A conversation as an answer needs it: what was said last, what before, and how to answer."""

    turns: Sequence[Turn]
    last: int
    text: str
    how: Manner
    draws: Draws

    def users_before(self) -> list[str]:
        """The user's earlier messages, the latest first."""
        return [turn.text for turn in reversed(self.turns[: max(self.last, 0)]) if turn.role == "user"][:_LOOK_BACK]

    def said_before(self) -> str:
        """The assistant's last message."""
        return next((turn.text for turn in reversed(self.turns[: max(self.last, 0)]) if turn.role == "assistant"), "")


class ChatModel:
    """Answers conversations from the phrases it is given."""

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases
        self._forms = phrases.forms
        self._special: Mapping[str, Callable[[Ask, _Talk], str]] = {
            "list": self._list,
            "proscons": self._pros_cons,
            "code_fix": self._code_fix,
            "code": self._code,
            "arithmetic": self._sum,
            "summary": self._summary,
            "translate": self._translation,
            "classify": self._class,
            "extract": self._extract,
            "rewrite": self._rewrite,
            "statement": self._statement,
            "recall": self._recall,
            "my_name": self._my_name,
            "again": self._again,
            "shorter": self._again,
            "count": self._count,
        }

    def reply(self, turns: Sequence[Turn], *, seed: int, response_format: Mapping[str, object] | None = None) -> str:
        """The answer to `turns`; the same for the same arguments."""
        form = msgspec.json.encode(response_format, order="sorted").hex() if response_format else ""
        start = digest(seed, form, len(turns), *(part for turn in turns for part in turn))
        turns = [turn if turn.text.isascii() else Turn(turn.role, wording.encodable(turn.text)) for turn in turns]
        last = next((at for at in range(len(turns) - 1, -1, -1) if turns[at].role == "user"), len(turns) - 1)
        text = turns[last].text if turns else ""
        system = "\n".join(turn.text[:60_000] for turn in turns if turn.role in {"system", "developer"})
        talk = _Talk(turns, last, text, PLAIN, Draws(start))
        ask = read(text)
        schema = self._schema(talk, system, ask, response_format)
        if schema is not None:
            return self._json(schema, ask, talk)
        how = manner(system, text, self._phrases.personas)
        talk = structs.replace(talk, how=how)
        if how.exact:
            return wording.clean(how.exact)
        if turns and turns[-1].role in {"tool", "function"}:
            return self._after_tool(talk)
        return self._dressed(self._answer(self._placed(ask, talk), talk), talk)

    # What is asked, in the light of what was said before

    def _placed(self, ask: Ask, talk: _Talk) -> Ask:
        """`ask` with its subject filled in from the conversation where it only points back."""
        if ask.kind == "also":
            return self._also(ask, talk)
        if ask.subject.lower() in _POINTING or (
            not ask.subject and ask.kind in {"more", "why_back", "example", "list"} | _TEXTS
        ):
            topic = self._topic(talk)
            if topic:
                return structs.replace(ask, subject=topic, clause=topic if ask.clause == ask.subject else ask.clause)
            if ask.kind == "why_back":
                return structs.replace(ask, subject="most things")
            return structs.replace(ask, subject="this" if ask.kind in {"more", "example"} else ask.subject)
        return ask

    def _topic(self, talk: _Talk) -> str:
        """What the user last talked about, as a noun phrase."""
        for text in talk.users_before():
            ask = read(text)
            if ask.kind in _ALONE or not (ask.subject or ask.clause):
                continue
            if ask.kind == "howto":
                return wording.gerund(ask.subject)
            if ask.kind == "compare":
                return ask.clause
            if ask.kind == "statement":
                return "what you mentioned"
            if ask.kind in _CLAUSES:
                return (
                    f"the question of {ask.clause}" if not ask.clause.startswith("“") else f"the question {ask.clause}"
                )
            return wording.turn(ask.subject) if ask.kind in _TEXTS else ask.subject
        return ""

    def _also(self, ask: Ask, talk: _Talk) -> Ask:
        """ "What about Spain?": the earlier question asked again, if that has a known answer."""
        for text in talk.users_before()[:2]:
            before = read(text)
            head, of, _ = before.subject.rpartition(" of ")
            if of and self._fact(f"{head} of {ask.subject}"):
                return structs.replace(before, subject=f"{head} of {ask.subject}", clause=f"{head} of {ask.subject}")
        return ask

    def _fact(self, *phrases: str) -> str:
        """What is known about one of `phrases`."""
        for phrase in phrases:
            known = self._phrases.facts.get(_key(phrase))
            if known:
                return known
        return ""

    # Answers

    def _answer(self, ask: Ask, talk: _Talk) -> str:
        if (
            ask.kind in {"yesno", "clause"}
            and ask.clause.startswith("“")
            and (foreign := language_of(talk.text[:400], self._phrases.languages))
        ):
            return self._foreign(foreign, talk)
        special = self._special.get(ask.kind)
        if special:
            return special(ask, talk)
        if ask.kind in _FACTUAL and (fact := self._fact(ask.clause, ask.subject)):
            return self._known(fact, ask, talk)
        kind, slots = ask.kind, self._slots(ask, talk)
        if kind == "greeting" and ask.subject:
            kind = "greeting_named"
        elif kind == "identity" and talk.how.named:
            kind, slots["subject"] = "identity_named", talk.how.named
        elif kind == "yesno" and (talk.how.yes_no or talk.how.one_word):
            return talk.draws.choose(("Yes.", "No."))
        return self._filled(self._forms[kind], slots, talk)

    def _slots(self, ask: Ask, talk: _Talk) -> Slots:
        subject = ask.subject
        if not subject and ask.kind in _TEXTS:
            subject = talk.draws.choose(self._phrases.lists["errands" if ask.kind == "email" else "subjects"])
        if ask.kind in {"product", "slogan", "cover"}:
            subject = re.sub(r"^an? ", "the ", subject)
        return Slots({
            "subject": subject or "it",
            "task": subject,
            "clause": ask.clause or subject,
            "a": subject,
            "b": ask.other,
            "hello": f"Hi {ask.other}" if ask.other else "Hello",
            "tag": _tag(subject),
            "text": ask.text or subject,
        })  # fmt: skip

    def _filled(self, form: Sequence[Part], slots: Slots, talk: _Talk) -> str:
        """`form` filled in, or only its core where few words are wanted."""
        how = talk.how
        if how.one_word:
            word = slots["subject"].rsplit(" ", 1)[-1]
            return wording.upper_first(word) + "."
        core = [part for part in form if part.core]
        if how.bullets and core:
            later = [part for part in form if part.before == " "][1:] or core
            pool = [piece for part in later for piece in part.pool if piece and not piece.endswith("?")]
            return bulleted([piece.format_map(slots) for piece in sample(talk.draws, pool, how.bullets)])
        if how.sentences == 1 and core:
            return leading(compose(core, slots, talk.draws), 1)
        if how.sentences and core:
            start = next(at for at, part in enumerate(form) if part.core)
            return leading(compose(form[start:], slots, talk.draws), how.sentences)
        return compose(form, slots, talk.draws)

    def _known(self, fact: str, ask: Ask, talk: _Talk) -> str:
        if talk.how.one_word:
            return fact.rstrip(".").rsplit(" ", 1)[-1] + "."
        slots = self._slots(ask, talk)
        slots["fact"] = fact
        form = self._forms["fact"]
        if talk.how.bullets:
            return bulleted([fact, *sample(talk.draws, self._forms["what"][2].pool, talk.how.bullets - 1)])
        if ask.kind == "explain":
            form = (form[0], *(part for part in self._forms["explain"][1:]))
        return self._filled(form, slots, talk)

    def _list(self, ask: Ask, talk: _Talk) -> str:
        count = talk.how.bullets or ask.size
        if count == 1 and ask.noun == "items" and not category(ask, self._phrases):
            choice = structs.replace(ask, kind="advice", clause=f"which {ask.clause} to choose")
            return self._filled(self._forms["advice"], self._slots(choice, talk), talk)
        items = entries(ask, count, self._phrases, talk.draws)
        text = numbered(items)
        only = talk.how.sentences == 1 or talk.how.bullets
        if only or talk.how.words:
            return bulleted(items) if talk.how.bullets else text
        named = _NUMBERS[len(items)] if len(items) <= 10 else str(len(items))
        slots = Slots({"items": text if len(items) > 1 else items[0], "n": named, "noun": ask.other or "items"})
        return compose(self._forms["list" if len(items) > 1 else "list_one"], slots, talk.draws)

    def _pros_cons(self, ask: Ask, talk: _Talk) -> str:
        pros, cons = (sample(talk.draws, self._phrases.lists[kind], 3) for kind in ("reasons", "drawbacks"))
        items = f"**Pros**\n{bulleted(pros)}\n\n**Cons**\n{bulleted(cons)}"
        return self._whole("proscons", {"items": items, "subject": ask.subject}, talk)

    def _code_fix(self, ask: Ask, talk: _Talk) -> str:
        text = wording.clean(ask.text[:4000])
        if not text:
            return self._filled(self._forms["rewrite_none"], Slots({"subject": "it"}), talk)
        return self._whole("rewrite", {"answer": text if text.startswith("```") else f"```\n{text}\n```"}, talk)

    def _code(self, ask: Ask, talk: _Talk) -> str:
        sketch = code.sketch(ask.raw, self._phrases, talk.draws)
        slots = Slots({"code": sketch.text, "fence": sketch.fence, "language": sketch.language})
        return compose(self._forms["code"], slots, talk.draws)

    def _sum(self, ask: Ask, talk: _Talk) -> str:
        text = arithmetic.normal(ask.text)
        try:
            answer = arithmetic.show(arithmetic.evaluate(text))
        except arithmetic.UnansweredError:
            return self._filled(self._forms["arithmetic_none"], Slots({"subject": "it"}), talk)
        slots = Slots({"answer": answer, "sum": arithmetic.spaced(text), "subject": answer})
        return self._filled(self._forms["arithmetic"], slots, talk)

    def _summary(self, ask: Ask, talk: _Talk) -> str:
        text = ask.text
        if wording.trim(text).lower() in _POINTING | {"", "above", "the above"}:
            text = talk.said_before()
        if re.search(r"\bconversation\b", ask.clause[:40]):
            text = " ".join(
                turn.text[:2000] for turn in talk.turns[: max(talk.last, 0)][-20:] if turn.role == "assistant"
            )
        if len(text) < 60 and "." not in text.strip(". "):
            subject = ask.subject or self._topic(talk) or "this"
            return self._filled(
                self._forms["summary_of"], self._slots(structs.replace(ask, subject=subject), talk), talk
            )
        most = talk.how.sentences or talk.how.bullets
        short = condense(text, most)
        if talk.how.bullets:
            return bulleted(wording.sentences(short))
        if talk.how.words:
            return at_most(short, talk.how.words)
        return self._whole("summary", {"summary": short}, talk)

    def _whole(self, kind: str, values: Mapping[str, str], talk: _Talk) -> str:
        """A form whose core is somebody's text, which no limit on sentences should cut."""
        form = self._forms[kind]
        parts = [part for part in form if part.core] if talk.how.sentences or talk.how.words else form
        return compose(parts, Slots(values), talk.draws)

    def _translation(self, ask: Ask, talk: _Talk) -> str:
        text, target = wording.trim(ask.text), ask.other or "the other language"
        if wording.trim(text).lower() in _POINTING | {""}:
            text = wording.trim(talk.said_before() or " ".join(talk.users_before()[:1]) or "it")
        known = self._phrases.translations.get(
            text.lower().rstrip("?!.,").replace("\u2019", "'").replace(", ", " "), {}
        ).get(target)
        values = {
            "text": wording.shorten(wording.clean(text), 100),
            "language": target,
            "answer": known or "",
        }
        return self._whole("translate_known" if known else "translate", values, talk)

    def _class(self, ask: Ask, talk: _Talk) -> str:
        options = [option.strip(" '\"") for option in ask.other.split("|") if option.strip(" '\"")]
        text, mood = ask.text.lower(), sentiment(ask.text, self._phrases)
        named = {option.lower(): option for option in options}
        if not options:
            return self._whole("classify_long", Slots({"answer": mood, "subject": mood}), talk)
        chosen = named.get(mood) or next((option for low, option in named.items() if low in text), "")
        return wording.upper_first(chosen or talk.draws.choose(options))

    def _extract(self, ask: Ask, talk: _Talk) -> str:
        found = details(ask.text)
        lines = [
            f"{label.capitalize()}: {', '.join(items)}"
            for label, items in zip(found._fields, found, strict=True)
            if items
        ]
        if not lines:
            return self._filled(self._forms["extract_none"], Slots({"subject": "it"}), talk)
        return self._whole("extract", {"answer": bulleted(lines)}, talk)

    def _rewrite(self, ask: Ask, talk: _Talk) -> str:
        text = ask.text if wording.trim(ask.text).lower() not in _POINTING | {""} else talk.said_before()
        tidy = wording.polished(
            text[:4000],
            polite="polite" in ask.clause.lower()
            or "formal" in ask.clause.lower()
            or "professional" in ask.clause.lower(),
        )
        if not tidy:
            return self._filled(self._forms["rewrite_none"], Slots({"subject": "it"}), talk)
        return self._whole("rewrite", {"answer": tidy}, talk)

    def _statement(self, ask: Ask, talk: _Talk) -> str:
        foreign = language_of(ask.raw[:400], self._phrases.languages)
        values = {
            "text": wording.shorten(wording.trim(wording.clean(ask.raw[:200])), 60),
            "subject": ask.subject,
        }
        if foreign:
            return self._foreign(foreign, talk)
        if len(ask.raw) > 300 or not ask.clause:
            summary = condense(ask.raw, 1) or wording.shorten(ask.raw, 100)
            slots = Slots({**values, "summary": summary})
            return self._filled(self._forms["statement_long"], slots, talk)
        if len(ask.clause.split()) < 3:
            fact = self._fact(ask.subject)
            return (
                self._known(fact, ask, talk)
                if fact
                else self._filled(self._forms["what"], self._slots(ask, talk), talk)
            )
        mood = sentiment(ask.raw, self._phrases) if _FEELING.match(ask.raw) else ""
        kind = {"negative": "sad", "positive": "glad"}.get(mood, "statement")
        return self._filled(self._forms[kind], self._slots(ask, talk), talk)

    def _foreign(self, language: str, talk: _Talk) -> str:
        """A plain answer in the language of the message."""
        text = wording.shorten(wording.trim(wording.clean(talk.text[:200])), 60).strip("¿¡ ")
        return talk.draws.choose(self._phrases.languages[language].replies).format_map({"text": text})

    def _recall(self, ask: Ask, talk: _Talk) -> str:
        before = talk.users_before()
        if not before:
            return compose(self._forms["recall_none"], Slots({"subject": ask.kind}), talk.draws)
        text = wording.shorten(" ".join(wording.clean(before[0][:500]).split()), 160)
        return compose(self._forms["recall"], Slots({"text": text}), talk.draws)

    def _my_name(self, _: Ask, talk: _Talk) -> str:
        name = next((name for text in talk.users_before() if (name := introduced(text))), "")
        form = self._forms["my_name_known" if name else "my_name_unknown"]
        return self._filled(form, Slots({"subject": name}), talk)

    def _again(self, ask: Ask, talk: _Talk) -> str:
        said = wording.clean(talk.said_before()[:4000])
        if not said:
            return compose(self._forms["recall_none"], Slots({"subject": ask.kind}), talk.draws)
        return said if ask.kind == "again" else condense(said, 1)

    def _count(self, ask: Ask, _: _Talk) -> str:
        return ", ".join(map(str, range(int(ask.other), ask.size + 1))) + "."

    def _after_tool(self, talk: _Talk) -> str:
        """An answer once a tool has given its result."""
        result = wording.shorten(" ".join(wording.clean(talk.turns[-1].text[:2000]).split()), 400)
        return self._dressed(
            self._filled(self._forms["tool"], Slots({"text": result or "nothing", "subject": "it"}), talk),
            talk,
        )

    def _dressed(self, text: str, talk: _Talk) -> str:
        if talk.how is PLAIN:
            return text
        persona = self._phrases.personas.get(talk.how.persona)
        text = dressed(text, talk.how, persona)
        if persona and not talk.how.one_word:
            before, after = talk.draws.choose(persona.before), talk.draws.choose(persona.after)
            text += "." if text[-1:].isalnum() else ""
            text = f"{before} {text}" if talk.how.sentences == 1 else f"{before} {text} {after}"
        return text

    # JSON

    def _schema(
        self, talk: _Talk, system: str, ask: Ask, response_format: Mapping[str, object] | None
    ) -> "Schema | None":
        """The schema the answer must follow, if it is to be JSON."""
        if response_format is None and "json" not in talk.text.lower() and "json" not in system.lower():
            return None
        from clevora_mock.models import json_form  # noqa: PLC0415 - most answers are not JSON

        given = json_form.schema_of(response_format)
        if given is not None and given != {"type": "object"}:
            return given
        texts = [system, *reversed(talk.users_before()), talk.text]
        about = ask.kind in {"code", "what", "explain", "howto", "why", "yesno", "compare", "translate"}
        if given is None and not json_form.asked(system, talk.text, about=about):
            return None
        found = json_form.pasted(texts) or json_form.worded(texts)
        if found:
            return found if given is None or found.get("type", "object") == "object" else given
        if given is None and json_form.array_asked(talk.text):
            size = ask.size or 5 if ask.kind == "list" else 3
            return {"type": "array", "items": {"type": "string"}, "minItems": size, "maxItems": size}
        return given or {"type": "object"}

    def _json(self, schema: "Schema", ask: Ask, talk: _Talk) -> str:
        subject = ask.subject if ask.kind not in {"statement", "extract", "echo"} else ""
        if ask.kind in _CLAUSES:
            subject = ask.clause.strip("“”")
        if not subject and (about := _ABOUT.search(talk.text[:1000])):
            subject = subject_of(about[1])
        value: object
        if schema.get("type") == "array" and ask.kind == "list" and schema.get("items") == {"type": "string"}:
            value = entries(ask, ask.size or 5, self._phrases, talk.draws)
        elif set(schema) <= {"type"} and schema.get("type") == "object":
            value = self._open(ask, subject, talk)
        else:
            from clevora_mock.models.structured import instance  # noqa: PLC0415 - most answers are not JSON

            value = instance(
                schema,
                Source(wording.clean(talk.text[:20_000]), subject or "the topic", self._phrases),
                talk.draws,
            )
        return msgspec.json.encode(value).decode()

    def _open(self, ask: Ask, subject: str, talk: _Talk) -> dict[str, object]:
        """An object where no key is prescribed: the answer, and what it is about."""
        if ask.kind == "list":
            return {
                "topic": ask.subject or ask.other,
                "items": entries(ask, ask.size, self._phrases, talk.draws),
            }
        answer = self._answer(self._placed(ask, talk), talk)
        return {"topic": subject, "answer": answer} if subject else {"answer": answer}


def _key(phrase: str) -> str:
    """How facts are filed: lower case, no article, no punctuation at the end."""
    low = phrase.lower().strip(" ?!.“”\"'")
    for article in ("the ", "a ", "an "):
        if low.startswith(article):
            return low[len(article) :].replace(" of the ", " of ")
    return low.replace(" of the ", " of ")


def _tag(subject: str) -> str:
    words = [word for word in subject.split() if word.lower() not in {"the", "a", "an", "my", "your", "of"}]
    tag = "".join(wording.upper_first("".join(char for char in word if char.isalnum())) for word in words[:3])
    return tag or "Today"
