"""Which language a message that is not English seems to be in: by its script, or by its small words."""

from collections.abc import Mapping

from clevora_mock.models import wording
from clevora_mock.models.phrases import Language
from clevora_mock.models.regex import Regex

_SCRIPTS = (
    ("ja", Regex(r"[\u3040-\u30ff]")),
    ("ko", Regex(r"[\uac00-\ud7af]")),
    ("zh", Regex(r"[\u4e00-\u9fff]")),
    ("ru", Regex(r"[\u0400-\u04ff]")),
    ("other", Regex(r"[\u0370-\u03ff\u0590-\u06ff\u0900-\u0dff\u0e00-\u0eff\u10a0-\u10ff]")),
)
_WORD = Regex(r"[^\W\d_]+")
_ENGLISH = wording.word_set(
    "the is are was i you he she we they it my your this that with have has and to of for not a in on at"
)


def language_of(text: str, languages: Mapping[str, Language]) -> str:
    """The code of the language `text` is in; "" for English and for anything unclear."""
    if not text.isascii():
        for code, letters in _SCRIPTS:
            if letters.search(text):
                return code
    words = [word.lower() for word in _WORD.findall(text[:400])]
    if len(words) == 1:
        return next(
            (code for code, language in languages.items() if len(words[0]) > 3 and words[0] in language.words),
            "",
        )
    best, most = "", sum(word in _ENGLISH for word in words)
    for code, language in languages.items():
        known = sum(word in language.words for word in words)
        if known > most and known * 4 >= len(words):
            best, most = code, known
    return best
