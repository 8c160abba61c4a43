"""Code for a request in words: a ready snippet if there is one, a named skeleton otherwise."""

import re

from msgspec import Struct

from clevora_mock.core.chance import Draws
from clevora_mock.models import wording
from clevora_mock.models.phrases import Phrases
from clevora_mock.models.regex import Regex

_WORD = Regex(r"[A-Za-z][A-Za-z0-9]*")
_LANGUAGES = (
    ("typescript", "TypeScript", r"\btypescript\b|\bts\b"),
    ("javascript", "JavaScript", r"\bjavascript\b|\bjs\b|\bnode\b|\breact\b"),
    ("go", "Go", r"\bgolang\b|\bin go\b|\bgo (?:function|program|code)\b"),
    ("rust", "Rust", r"\brust\b"),
    ("java", "Java", r"\bjava\b"),
    ("sql", "SQL", r"\bsql\b|\bquer(?:y|ies)\b"),
    ("bash", "Bash", r"\bbash\b|\bshell\b"),
    ("html", "HTML", r"\bhtml\b"),
    ("css", "CSS", r"\bcss\b"),
    ("dockerfile", "Docker", r"\bdockerfile\b"),
    ("c++", "C++", r"c\+\+"),
    ("regex", "regular expressions", r"\bregex\b|\bregular expression\b"),
)
_TASK = Regex(r"\b(?:that|which|to|for|who|of)\s+(.+)", re.IGNORECASE | re.DOTALL)
_EMPTY = wording.word_set(
    "a an the that which to of in for with and or by from into on using me python javascript typescript "
    "java golang go rust bash sql c html css function functions script program class code method some "
    "given please can you it its this all each every simple short snippet query"
)


class Sketch(Struct, frozen=True):
    """Code, the language's name, and the name it has after a fence."""

    text: str
    language: str
    fence: str


def sketch(request: str, phrases: Phrases, draws: Draws) -> Sketch:
    """Code for `request`, in the language it names or in Python."""
    low = request[:400].lower()
    fence, language = next(
        ((key, name) for key, name, pattern in _LANGUAGES if re.search(pattern, low)), ("python", "Python")
    )
    snippet = _snippet(low, phrases.snippets.get(fence, {}))
    if snippet:
        return Sketch(snippet, language, fence)
    goal, words = _goal(request[:400])
    names = words or ["process", "items"]
    text = draws.choose(phrases.skeletons[fence])
    text = text.replace("SNAKE", "_".join(names)).replace("PASCAL", "".join(map(str.capitalize, names)))
    text = text.replace("CAMEL", names[0] + "".join(map(str.capitalize, names[1:]))).replace("GOAL", goal)
    return Sketch(text, language, {"c++": "cpp", "regex": "text"}.get(fence, fence))


def _snippet(request: str, snippets: dict[str, str]) -> str:
    """The snippet whose key is a word of the request, or how a word begins where the key is long enough."""
    stems = {word.removesuffix("s").removesuffix("ing") for word in _WORD.findall(request)} | set(
        _WORD.findall(request)
    )
    for key, text in snippets.items():
        known = (
            key in request
            if " " in key
            else key in stems or (len(key) > 4 and any(word.startswith(key) for word in stems))
        )
        if known:
            return text
    return ""


def _goal(request: str) -> tuple[str, list[str]]:
    """What the code is for, as a comment and as the words of a name."""
    found = _TASK.search(request)
    task = wording.shorten(wording.trim(found[1] if found else request), 70).rstrip("…")
    first, _, rest = task.partition(" ")
    low = first.lower()
    if low.endswith("ies") and len(low) > 4:
        low = low[:-3] + "y"
    elif low.endswith(("sses", "shes", "ches", "xes")):
        low = low[:-2]
    elif low.endswith("s") and not low.endswith("ss") and len(low) > 3:
        low = low[:-1]
    task = f"{low} {rest}".strip() if found else task
    names = [word.lower() for word in _WORD.findall(task) if word.lower() not in _EMPTY][:3]
    # A comment must not end the comment or the string it stands in.
    plain = "".join(char for char in task if char not in '"\\*`<>{}').strip()
    return wording.upper_first(plain) or "Process the items", names
