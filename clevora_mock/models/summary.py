"""A text made shorter by keeping the sentences that say most: those whose words come up again and again."""

from collections import Counter

from clevora_mock.models import wording
from clevora_mock.models.regex import Regex

_WORD = Regex(r"[^\W\d_]{3,}")
_MOST = 20_000
_LONGEST = 240
_COMMON = wording.word_set(
    "the and for are but not you all any can had her was one our out has him his how its may new "
    "now old see two way who "
    "did get use she too with that this from they have been were what when your said there each "
    "which their will other "
    "about many then them these some would make like into time than more very could also after "
    "most only over such where "
    "because while through between both those during before under again once here being does just"
)
_CLAUSE = Regex(r",\s+(?:which|who|where|although|though|because|while|so that|and|but)\s|;\s|\s[\u2013—]\s|\s\(")


def condense(text: str, most: int = 0) -> str:
    """The `most` sentences that carry `text`, in their order; by default a third of them, at most three."""
    parts = wording.sentences(wording.clean(text[:_MOST]))
    parts = [part for part in parts if len(part) > 2]
    if not parts:
        return ""
    most = most or min(3, max(1, len(parts) // 3))
    if len(parts) == 1:
        return _closed(_shorter(parts[0]))
    words = [[word.lower() for word in _WORD.findall(part[:600])] for part in parts]
    weight = Counter(word for found in words for word in set(found) if word not in _COMMON)

    def worth(at: int) -> float:
        kept = [word for word in words[at] if word not in _COMMON]
        return sum(weight[word] for word in kept) / (len(kept) + 4) + (0.6 if at == 0 else 0)

    best = sorted(sorted(range(len(parts)), key=worth, reverse=True)[:most])
    return " ".join(_closed(wording.shorten(parts[at], _LONGEST)) for at in best)


def _shorter(sentence: str) -> str:
    """One sentence without its last clause, if enough of it is left."""
    found = _CLAUSE.search(sentence, 25)
    cut = sentence[: found.start()] if found else sentence
    return wording.shorten(cut, _LONGEST)


def _closed(sentence: str) -> str:
    text = wording.upper_first(sentence.lstrip("-*•# ").rstrip(" ,;:"))
    return text if text[-1:] in '.!?…。”"' else text + "."
