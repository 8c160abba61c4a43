"""Masking of secrets in every spelling, and the time that it takes."""

import json
from base64 import b64encode
from collections.abc import Callable
from time import process_time

import pytest

from clevora_mock.core import masking
from clevora_mock.core.errors import invalid
from clevora_mock.core.masking import masked, masked_text
from clevora_mock.core.messages import quoted
from clevora_mock.web.parsing import value_text

KEY = "sk_live_0123456789abcdef0123456789abcdef"
PREVIEW = "sk_live_0123456789ab...ef"
TOKEN = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwcz."


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


def percent_encoded(text: str) -> str:
    return "".join(f"%{ord(character):02X}" for character in text)


def base64(text: str, width: int = 1_000, end: str = "") -> str:
    """Encode `text`, in lines of `width` characters."""
    encoded = b64encode(text.encode()).decode()
    return end.join(encoded[start : start + width] for start in range(0, len(encoded), width))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"a {KEY} b", f"a {PREVIEW} b"),
        (KEY.capitalize(), PREVIEW.capitalize()),
        (KEY.upper(), "SK_LIVE_0123456789AB...EF"),
        (KEY[:-5], "sk_live_0123456789ab...9a"),
        (f'{{"{KEY}": 1}}', f'{{"{PREVIEW}": 1}}'),
        ("sk\\u005flive\\u005F" + KEY[8:], PREVIEW),
        (escaped(KEY), PREVIEW),
        (json.dumps(json.dumps({"a": escaped(KEY)})), json.dumps(json.dumps({"a": PREVIEW}))),
        (f"?key=sk%5Flive%5f{KEY[8:]}&b", f"?key={PREVIEW}&b"),
        (percent_encoded(KEY), PREVIEW),
        ("sk%255Flive%255F" + KEY[8:], PREVIEW),
        ("sk-live-" + KEY[8:], "sk-live-0123456789ab...ef"),
        ("sk&#95;live&#x5F;" + KEY[8:], "sk&#95;live&#x5F;012...ef"),
        ("sk\\x5flive\\u{5f}" + KEY[8:], "sk\\x5flive\\u{5f}0123...ef"),
        ("sk%5Cu005flive_" + KEY[8:], "sk%5Cu005flive_01234...ef"),
        ("sk\\_live\\_" + KEY[8:], "sk\\_live\\_0123456789...ef"),
        (f"a sk-proj-{'aB3_-' * 6} b", "a sk-pro*** b"),
        (f"OPENAI=sk-{'x9' * 24}", "OPENAI=sk-x9x***"),
        (base64(f"Bearer sk-proj-{'aB3_-' * 6}"), "QmVhcm***"),
        ("whsec_abc\\/def+g==", "whsec_***"),
        ("whsec\\u005fabcd&a", "whsec_***&a"),
        ("whsec_%2Fabc%3D%3D&a=1", "whsec_***&a=1"),
        (f"\\n{TOKEN} a", "\\neyJhbG*** a"),
        (TOKEN.replace(".", "%2E"), "eyJhbG***"),
        ("eyJhbGciOiJub25lIn0.eyJpc3MiOiJhIn0", "eyJhbG***"),
        (percent_encoded(percent_encoded(KEY)), "***"),
        (f"a=1&b={percent_encoded(escaped(KEY))} c", "a=1&b=*** c"),
        (f'{{"a": "{base64(KEY)}", "b": 1}}', '{"a": "c2tfbG***", "b": 1}'),
        (f"{base64('x' + KEY)} {base64('xy' + KEY)}", "eHNrX2*** eHlza1***"),
        (base64("~~~?" + KEY).replace("+", "-").replace("/", "_").rstrip("="), "fn5-P3***"),
        (base64("~~~?" + KEY).replace("+", "%2B").replace("=", "%3D"), "fn5+P3***"),
        (base64("?>?" + KEY).replace("/", "\\/"), "Pz4/c2***"),
        (f"/v1/{base64(KEY)}/x?a", "/v1/c2***/x?a"),
        (base64("~" * 57 + KEY, 76, "\r\n"), "fn5+fn***"),
        (base64("~" * 57 + KEY, 76, "\\n"), "fn5+fn***"),
        (base64("~" * 57 + KEY, 76, " "), "fn5+fn***"),
        (base64("~" * 57 + KEY, 76, "%0D%0A"), "fn5+fn***"),
        (base64(f"user:{KEY}"), "dXNlcj***"),
        (base64(base64(KEY)), "YzJ0Zm***"),
        (base64(escaped(KEY)), "XHUwMD***"),
        (base64(percent_encoded(KEY)), "JTczJT***"),
        (base64("\xe9 whsec_abcdefgh and more"), "w6kgd2***"),
        (base64('{"password": "hunter2"}'), "eyJwYX***"),
        (base64('{"password": ["hunter2"]}'), "eyJwYX***"),
        (base64("DB_PASSWORD=hunter2 and more"), "REJfUE***"),
        (base64("sk-live-" + KEY[8:]), "c2stbG***"),
        ("%2570assword=abc", "%2570assword=***"),
        ("x=%257B%2522api_key%2522%253A%2522abc%2522%257D", "x=%257B%2522api_key%2522%253A%2522***%2522%257D"),
        ('{"token": "abc", "x": "%2541"}', '{"token": "***", "x": "%2541"}'),
        (percent_encoded(percent_encoded(percent_encoded("password=abc"))), "***"),
    ],
)
def test_a_secret_is_masked_however_it_is_written(text: str, shown: str) -> None:
    assert masked_text(text) == shown
    assert masked(text.encode()) == shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"password": "a\\"b\\\\", "c": 1}', '{"password": "***", "c": 1}'),
        ('{"pass\\u0077ord": "h\\u0041x", "c": 1}', '{"pass\\u0077ord": "***", "c": 1}'),
        (
            '{"newPassword":"a","client_secret":5,"refreshToken":null}',
            '{"newPassword":"***","client_secret":"***","refreshToken":"***"}',
        ),
        (
            '{"pwd":"a","db_pwd":"b","bearer":"c","bearers":"d"}',
            '{"pwd":"***","db_pwd":"***","bearer":"***","bearers":"d"}',
        ),
        ("DB_PWD=hunter2", "DB_PWD=***"),
        ('set password="Tr0ub4 dor" now', 'set password="***" now'),
        ("set password='Tr0ub4 dor' now", "set password='***' now"),
        ('{"m": "set password=\\"Tr0ub4 dor\\" now", "c": 1}', '{"m": "set password=\\"***\\" now", "c": 1}'),
        ('{"m": "password=\\"not closed", "c": 1}', '{"m": "password=\\"***", "c": 1}'),
        ('{"m": "say \\"password=abc\\" ok"}', '{"m": "say \\"password=***\\" ok"}'),
        ('{"password":["a","b"],"c":1}', '{"password":"***","c":1}'),
        ('{"password":"cut sho', '{"password":"***'),
        ('{"password":[["a"],"hunter2"],"c":1}', '{"password":"***","c":1}'),
        ('{"password":{"old":{"v":"}"},"new":"x"},"c":1}', '{"password":"***","c":1}'),
        ('{"password":[["a"],"cut sho', '{"password":"***"'),
        (json.dumps({"a": '{"password": ["x", {"b": "]"}], "c": 1}'}), '{"a": "{\\"password\\": ***, \\"c\\": 1}"}'),
        (
            '{"passwordConfirm":"a","passwd":"b","my password":"c"}',
            '{"passwordConfirm":"***","passwd":"***","my password":"***"}',
        ),
        (
            '{"db/password":"a","password[]":"b","secret_key":"c"}',
            '{"db/password":"***","password[]":"***","secret_key":"***"}',
        ),
        (
            '{"aws_secret_access_key":"a","api_key":"b","apiKey":"c"}',
            '{"aws_secret_access_key":"***","api_key":"***","apiKey":"***"}',
        ),
        (
            '{"access_token":"a","token":"b","Authorization":"c"}',
            '{"access_token":"***","token":"***","Authorization":"***"}',
        ),
        (f'{{"{"x" * 100}password":"a"}}', f'{{"{"x" * 100}password":"***"}}'),
        ("{'password': 'it\\'s', 'a': 1}", "{'password': '***', 'a': 1}"),
        ("export DB_PASSWORD=x y", "export DB_PASSWORD=*** y"),
        ("my-agent/1.0 (password=x)", "my-agent/1.0 (password=***"),
        ('form-data; name="password"\r\n\r\nx\r\n--', 'form-data; name="password"\r\n\r\n***\r\n--'),
        ('"{\\"password\\": \\"abc\\", \\"c\\": 1}"', '"{\\"password\\": \\"***\\", \\"c\\": 1}"'),
        (
            json.dumps(json.dumps(json.dumps({"password": "abc"}))),
            json.dumps(json.dumps(json.dumps({"password": "***"}))),
        ),
        ("a=1&password=b%26c&d=2", "a=1&password=***&d=2"),
        ("pass%77ord=a&refresh_token=AMf-b", "pass%77ord=***&refresh_token=***"),
        ("%7B%22password%22%3A%22abc%22%7D", "%7B%22password%22%3A%22***%22%7D"),
    ],
)
def test_the_value_of_a_secret_field_is_masked(text: str, shown: str) -> None:
    assert masked_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "my password is short",
        '{"a": "\\u00e9 100% \\\\ %41 \\/ secret"}',
        "sk_live_...",
        "sk-learn is short, sk-a-long-name-of-words-without-digits, task-management-2026-of-everybody",
        PREVIEW,
        "eyjafjallajokull.example12.is",
        '{"tokens": 5, "max_tokens": 1, "prompt_tokens": 2, "tokens_per_day": 3, "invalid_tokens": 4}',
        "max_tokens=5&tokenizer=a&key=local",
        '{"tokenize": 1, "keys": ["a"], "key": "ci", "live": true}',
        "5f4dcc3b5aa765d61d8327deb882cf99aabbccdd",
        base64("a text about passwords, secrets and sk_live_ keys"),
        base64(PREVIEW),
        base64('{"max_tokens": 5, "prompt_tokens": 3, "tokens": 9}'),
        '{"max_tokens": 5, "completion_tokens": "%2541 %41"}',
        '{"password": "***", "x": "%2541"}',
        "https://x.example/a/very/long/path/of/many/parts/which/is/no/secret",
        "The word donaudampfschifffahrtsgesellschaftskapitaen is long",
        "100%25 of %7B%22a%22%3A1%7D",
    ],
)
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert masked_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "password" * 8192,
        '"' * 65_000 + "password",
        "\\" * 65_000 + "password",
        '\\"' * 32_000 + "password",
        ("\\" * 16 + '"') * 3_800 + "password",
        "%25" * 21_000 + "password",
        "eyJ" * 21_000,
        "eyJaaaaaaaa." * 5_000,
        '\\"password\\"' + "\\n" * 32_000,
        '"password":"' * 5_000,
        '"' + "a" * 65_000 + 'password"',
        "'" * 65_000 + "password",
        '"password":[' * 5_000,
        '"password":[' + "\\" * 60_000,
        "password=" * 7_000,
        "sk\\" * 20_000 + "password",
        'name="password"' + "\n" * 50_000,
        '"' + "token " * 10_000,
        "api_" * 16_000 + "=",
        "a." * 32_000 + "password",
        "[" * 65_000 + "password",
        '\\"password\\":[' * 4_000,
        "QUJD" * 16_000,
        base64(base64("a" * 36_000)),
        "QUJDREVGR0hJSktMTU5PUFFS " * 2_600,
        "QUJDREVGR0hJSktMTU5PUFFS" + "\\n" * 32_000,
        ("QUJD" * 15 + " ") * 1_000,
        "%25%34" * 11_000,
        "\\u0025" * 11_000,
        "%41" + "\\" * 64_000,
        base64("%41" + "\\" * 48_000),
    ],
    ids=lambda text: text[:12],
)
def test_no_text_takes_long(text: str) -> None:
    """Quadratic work would take seconds for 64 KiB."""
    started = process_time()
    masked_text(text)
    assert process_time() - started < 1


@pytest.mark.parametrize("describe", [quoted, value_text], ids=["quoted", "value_text"])
def test_a_message_about_four_mebibytes_costs_as_much_as_a_short_one(describe: Callable[[str], str]) -> None:
    """Masked whole, each of these texts would take half a second."""
    for text in ('"password":"x",' * 280_000, "%41password=" * 340_000, "\\u006b" * 600_000):
        started = process_time()
        shown = describe(text)
        assert process_time() - started < 0.3
        assert len(shown) <= 60


@pytest.mark.parametrize("before", range(0, 62, 3))
def test_a_key_at_the_end_of_what_a_message_shows_is_masked(before: int) -> None:
    shown = value_text("x" * before + KEY + "y" * 10_000)
    assert KEY[:24] not in shown


def test_a_fields_name_in_a_message_is_cut() -> None:
    message = invalid("a" * 1_000_000, "one of x", "an unknown field").message
    assert len(message) < 300
    assert message.endswith("...: expected one of x, got an unknown field")


def test_quotes_behind_ever_longer_runs_of_backslashes_take_little_time() -> None:
    text = '{"password": [' + "x".join("\\" * count + '"' for count in range(1, 600))
    start = process_time()
    masked_text(text)
    assert process_time() - start < 0.4


@pytest.mark.parametrize("letters", ["PWD", "eyJ", "tokenA", "sk-", "pass", "key", "live"])
def test_base64_with_the_letters_of_a_secret_by_chance_is_not_searched(
    letters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masking, "_SECRET", None)
    text = '{"embedding": "' + f"{'QUJD' * 25}/{letters}/{'QUJD' * 25}" + '"}'
    assert masked_text(text) == text


def test_a_field_is_masked_by_a_name_with_pwd_and_no_base64() -> None:
    assert masked_text('{"pwd": "abc", "old_pwd_2": "abc"}') == '{"pwd": "***", "old_pwd_2": "***"}'
