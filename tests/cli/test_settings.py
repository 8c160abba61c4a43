"""Settings: from flags, variables, defaults and Python."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clevora_mock.app import create_app
from clevora_mock.settings import (
    SETTINGS,
    Setting,
    Settings,
    SettingsError,
    as_variables,
    load,
    proxy_exceptions,
    unknown_variables,
)

KEYS = ("sk_live_" + "a" * 32, "sk_live_" + "b" * 32)
SECRETS = ("whsec_Zmlyc3Q=", "whsec_c2Vjb25k")

# For each setting: a flag's text and its value, a variable's text and its value.
VALID: dict[str, tuple[str, Any, str, Any]] = {
    "host": ("0.0.0.0", "0.0.0.0", "::1", "::1"),
    "port": ("0", 0, "65535", 65535),
    "seed": ("-7", -7, "42", 42),
    "scenario": ("flaky", "flaky", "outage", "outage"),
    "scenarios": ("mine", "mine", "yours", "yours"),
    "catalog": ("a.jsonl", "a.jsonl", "b.json", "b.json"),
    "contract": ("a.yaml", "a.yaml", "b.json", "b.json"),
    "evidence": ("a.json", "a.json", "b.json", "b.json"),
    "clock": ("frozen:2026-05-11T14:00:00Z", "frozen:2026-05-11T14:00:00Z", "scaled:60", "scaled:60"),
    "real_delays": ("1", True, "off", False),
    "watch": ("1", True, "no", False),
    "import": ("state.json", "state.json", "other.json", "other.json"),
    "export_on_exit": ("state.json", "state.json", "other.json", "other.json"),
    "state": ("state.json", "state.json", "other.json", "other.json"),
    "max_sandboxes": ("10", 10, "1", 1),
    "journal_size": ("50", 50, "1", 1),
    "api_key": (KEYS[0], KEYS[0], KEYS[1], KEYS[1]),
    "balance": ("25.50", 25.5, "0", 0),
    "firebase_project": ("my-app", "my-app", "other-app", "other-app"),
    "webhook_secret": (SECRETS[0], SECRETS[0], SECRETS[1], SECRETS[1]),
    "strict_tokens": ("1", True, "no", False),
    "no_rate_limit": ("1", True, "no", False),
    "latency": ("250ms", "250ms", "1.5s", "1.5s"),
    "tokens_per_second": ("50", 50.0, "0.5", 0.5),
    "allowed_host": ("mock.test", "mock.test", "A.test, b.test", "A.test, b.test"),
    "control": ("allowed", "allowed", "off", "off"),
    "server_name": ("mock-1", "mock-1", "Mock.b_2", "Mock.b_2"),
    "idle_timeout": ("5s", "5s", "1.5m", "1.5m"),
    "log_format": ("json", "json", "text", "text"),
    "quiet": ("true", True, "0", False),
    "upstream": ("https://api.example/v1", "https://api.example/v1", "http://127.0.0.1:80", "http://127.0.0.1:80"),
    "upstream_key": ("live-key-1", "live-key-1", "sk_live_2", "sk_live_2"),
    "record": ("mine", "mine", "yours", "yours"),
    "record_mode": ("new", "new", "all", "all"),
    "replay": ("mine", "mine", "yours", "yours"),
    "on_miss": ("fail", "fail", "mock", "mock"),
    "pace": ("none", "none", "recorded", "recorded"),
    "ignore": ("user,metadata.run", "user,metadata.run", "user", "user"),
    "mask_emails": ("1", True, "no", False),
    "max_age": ("30d", "30d", "12h", "12h"),
    "recordings_on_request": ("1", True, "no", False),
    "diff": ("1", True, "no", False),
}

# For each setting: invalid texts.
INVALID: dict[str, tuple[str, ...]] = {
    "host": ("",),
    "port": ("", "abc", "-1", "65536", "1.5", "٣", "0x10", "9" * 5000),
    "seed": ("", "1.5", "one", "--1", "9" * 19, "1e3"),
    "scenario": ("",),
    "scenarios": ("",),
    "catalog": ("",),
    "contract": ("",),
    "evidence": ("",),
    "clock": (
        "",
        "Real",
        "frozen:soon",
        "frozen:2026-13-01",
        "frozen:1969-12-31T23:59:59Z",
        "scaled",
        "scaled:0",
        "scaled:-1",
        "scaled:nan",
        "real:1",
        "real:2026-05-11T14:00:00Z",
        "scaled:inf",
    ),
    "real_delays": ("perhaps",),
    "watch": ("sometimes",),
    "import": ("",),
    "export_on_exit": ("",),
    "state": ("",),
    "journal_size": ("", "0", "-1", "many", "1000001"),
    "max_sandboxes": ("", "0", "-1", "1.5", "many", "1000001"),
    "api_key": ("", "sk_live_abc", "sk_test_" + "a" * 32, "sk_live_" + "A" * 32, KEYS[0] + "\n"),
    "balance": ("", "ten", "-1", "nan", "inf", "1e12", "0.0000001", "$5"),
    "firebase_project": ("", "ab", "My-App", "1app", "a_b_c", "a" * 64),
    "webhook_secret": ("", "whsec_", "whsec_%%%", "whsec_c2Vj!cmV0", "c2VjcmV0", "secret"),
    "strict_tokens": ("very",),
    "no_rate_limit": ("maybe", "2"),
    "latency": ("", "250", "-1s", "1 s", "1d", "s", "1e3s", "9" * 30 + "s"),
    "tokens_per_second": ("", "0", "-5", "nan", "inf", "fast", "1e7"),
    "allowed_host": ("", "a b", "mock.test:80", "a,,b", "http://mock.test"),
    "control": ("", "open", "Off", "loopback,allowed"),
    "server_name": ("", "-a", "a b", "mock:1", "mock-1\n", "m\u00f6ck", "\u017fock", "a" * 64),
    "idle_timeout": ("", "75", "0s", "-1s", "never"),
    "log_format": ("", "JSON", "xml"),
    "quiet": ("loud",),
    "upstream": (
        "",
        "api.example",
        "http://api.example/v1",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "https://user:password@api.example",
        "https://api.example/?key=1",
        "https://api.example/#a",
        "http://127.0.0.1@api.example",
        "http://127.0.0.1:many",
        "https://[::1",
        "https://api.example/\n",
    ),
    "upstream_key": ("", "short", "two words", "k" * 5000, "schl\u00fcssel"),
    "record": ("",),
    "record_mode": ("", "twice", "All"),
    "replay": ("",),
    "on_miss": ("", "ignore"),
    "pace": ("", "fast"),
    "ignore": ("", "a,,b", "a b", "messages[0]"),
    "mask_emails": ("some",),
    "max_age": ("", "30", "1w", "-1d", "1.5d", "123456d"),
    "recordings_on_request": ("perhaps",),
    "diff": ("very",),
}

each_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)


def test_every_setting_has_its_rows_here() -> None:
    assert VALID.keys() == INVALID.keys() == {setting.name for setting in SETTINGS}


class TestPrecedence:
    @each_setting
    def test_a_flag_beats_the_variable_beats_the_default(self, setting: Setting) -> None:
        flag, from_flag, text, from_variable = VALID[setting.name]
        # Without it, those of the live API are passed over.
        beside = {"CLEVORA_MOCK_DIFF": "1"} if setting.name.startswith("upstream") else {}
        found = [
            getattr(load(flags, variables | beside), setting.field)
            for flags in ({setting.name: flag}, {setting.name: None}, {})
            for variables in ({setting.variable: text}, {})
        ]
        default = getattr(Settings(), setting.field)
        assert found == [from_flag, from_flag, from_variable, default, from_variable, default]

    def test_a_setting_changes_no_other(self) -> None:
        for setting in SETTINGS:
            changed = load({setting.name: VALID[setting.name][0]}, {})
            others = [other.field for other in SETTINGS if other is not setting]
            assert [getattr(changed, name) for name in others] == [getattr(Settings(), name) for name in others]

    def test_a_commands_default_is_beaten_by_a_variable(self) -> None:
        assert load({}, {"CLEVORA_MOCK_PORT": "1"}, port=0).port == 1
        assert load({}, {}, port=0, log_format=None).log_format is None

    def test_a_variable_is_not_parsed_where_a_flag_is_given(self) -> None:
        assert load({"port": "1"}, {"CLEVORA_MOCK_PORT": "none"}).port == 1


def shown(setting: Setting, text: str) -> str:
    """Return an expression for an invalid value in a message, which quotes no credential."""
    if setting.name == "upstream_key":
        return "one of [0-9]+ characters( with a space or the like)?"
    return re.escape(repr(re.sub("//[^/]*@", "//***@", text) if setting.name == "upstream" else text))


class TestErrors:
    @each_setting
    def test_an_invalid_value_is_named_with_the_expectation(self, setting: Setting) -> None:
        for text in INVALID[setting.name]:
            field: dict[str, Any] = {setting.field: text}
            give: dict[str, Callable[[], Settings]] = {
                setting.flag: partial(load, {setting.name: text}, {}),
                setting.variable: partial(load, {}, {setting.variable: text}),
                setting.field: partial(Settings, **field),
            }
            for source, attempt in give.items():
                with pytest.raises(SettingsError) as error:
                    attempt()
                assert re.fullmatch(
                    rf"{re.escape(source)}: expected [^\n]+, got {shown(setting, text)}(; did you mean [^\n]+)?",
                    str(error.value),
                )

    def test_an_unknown_name_is_named(self) -> None:
        with pytest.raises(TypeError, match="'hots'"):
            Settings(hots="localhost")  # type: ignore[call-arg]

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("port", None, "port: expected a port from 0 to 65535 (0 picks a free one), got None"),
            ("host", None, "host: expected some text, got None"),
            ("seed", True, "seed: expected a whole number, or random, got True"),
            ("latency", -1, "latency: expected a duration such as 250ms, 2s or 1m, up to 8760h, got -1"),
            ("latency", "8761h", "latency: expected a duration such as 250ms, 2s or 1m, up to 8760h, got '8761h'"),
            (
                "idle_timeout",
                300,
                "idle_timeout: expected a duration above 0, such as 75s, up to 8760h, got 300; did you mean 300ms?",
            ),
            ("idle_timeout", 0, "idle_timeout: expected a duration above 0, such as 75s, up to 8760h, got 0"),
            ("latency", "9000h", "latency: expected a duration such as 250ms, 2s or 1m, up to 8760h, got '9000h'"),
            (
                "tokens_per_second",
                1e-14,
                "tokens_per_second: expected a number from 0.001 to 1000000, such as 50, got 1e-14",
            ),
            (
                "clock",
                "scaled:1e-320",
                "clock: expected real, frozen, frozen:2026-05-11T14:00:00Z or scaled:60, got 'scaled:1e-320'",
            ),
            ("watch", 2, "watch: expected 1 or 0, got 2"),
        ],
    )
    def test_an_invalid_python_value_is_named(self, name: str, value: object, message: str) -> None:
        with pytest.raises(SettingsError) as error:
            Settings(**{name: value})  # type: ignore[arg-type]
        assert str(error.value) == message


class TestPythonValues:
    def test_settings_take_python_values(self) -> None:
        settings = Settings(port=0, balance=25, watch=True, tokens_per_second=50, scenario=Path("mine") / "a.yaml")
        assert (settings.port, settings.balance, settings.watch) == (0, 25.0, True)
        assert (settings.tokens_per_second, settings.scenario) == (50.0, str(Path("mine") / "a.yaml"))

    @pytest.mark.parametrize(
        ("latency", "micros"), [("250ms", 250_000), ("2s", 2_000_000), ("1.5m", 90_000_000), (None, 0)]
    )
    def test_a_duration_is_text(self, latency: str | None, micros: int) -> None:
        assert Settings(latency=latency).latency_micros == micros

    @pytest.mark.parametrize(
        ("name", "value", "meant"),
        [("latency", "300", "300ms"), ("latency", 300, "300ms"), ("latency", 2, "2s"), ("idle_timeout", "75", "75s")],
    )
    def test_a_duration_without_a_unit_is_told_what_was_probably_meant(
        self, name: str, value: object, meant: str
    ) -> None:
        given: dict[str, Any] = {name: value}
        with pytest.raises(SettingsError, match=f"; did you mean {meant}\\?$"):
            Settings(**given)

    def test_the_idle_timeout_is_75_seconds_by_default(self) -> None:
        assert Settings().idle_timeout_micros == 75_000_000

    def test_allowed_hosts_are_split_and_in_lower_case(self) -> None:
        assert Settings(allowed_host="A.test, b.test").allowed_hosts == ("a.test", "b.test")
        assert Settings().allowed_hosts == ()

    @pytest.mark.parametrize(
        ("text", "mode", "speed"), [("real", "real", 1), ("frozen", "frozen", 0), ("scaled:60", "scaled", 60)]
    )
    def test_a_clock_is_described_by_text(self, text: str, mode: str, speed: float) -> None:
        clock = Settings(clock=text).make_clock()
        assert (clock.mode, clock.speed) == (mode, speed)

    def test_a_frozen_clock_stands_at_the_beginning_of_2026_or_at_a_given_time(self) -> None:
        assert Settings(clock="frozen").make_clock().now() == 1_767_225_600_000_000
        assert Settings(clock="frozen:2026-05-11T14:00:00Z").make_clock().now() == 1_778_508_000_000_000

    def test_a_random_seed_differs_each_time(self) -> None:
        seeds = {load({"seed": "random"}, {}).seed for _ in range(20)}
        assert len(seeds) > 1
        assert all(0 <= seed < 2**32 for seed in seeds)

    def test_the_core_gets_micro_dollars(self) -> None:
        assert Settings(balance=25.5).sandbox_config().balance == 25_500_000

    @pytest.mark.parametrize(("dollars", "activated"), [(15, True), (14.99, False), (0, False), (100, True)])
    def test_an_opening_balance_of_15_dollars_activates(self, dollars: float, activated: bool) -> None:
        account = create_app(Settings(balance=dollars)).state.sandboxes.default.accounts.by_uid["demo"]
        assert (account.activated, account.ledger.balance) == (activated, round(dollars * 1_000_000))

    @pytest.mark.parametrize(("no_rate_limit", "limit"), [(False, 60), (True, None)])
    def test_limits_can_be_switched_off(self, no_rate_limit: bool, limit: int | None) -> None:
        assert Settings(no_rate_limit=no_rate_limit).sandbox_config().limits.requests_per_minute == limit


class TestVariables:
    def test_python_values_become_variables(self) -> None:
        values = {
            "seed": 7,
            "watch": False,
            "catalog": Path("a.json"),
            "import_": "b",
            "latency": "500ms",
            "host": None,
        }
        assert as_variables(values) == {
            "CLEVORA_MOCK_SEED": "7",
            "CLEVORA_MOCK_WATCH": "False",
            "CLEVORA_MOCK_CATALOG": "a.json",
            "CLEVORA_MOCK_IMPORT": "b",
            "CLEVORA_MOCK_LATENCY": "500ms",
        }

    def test_a_value_survives_the_way_through_a_variable(self) -> None:
        for setting in SETTINGS:
            for value in VALID[setting.name][1::2]:
                assert getattr(load({}, as_variables({"diff": True, setting.field: value})), setting.field) == value

    @pytest.mark.parametrize(
        ("variables", "hosts"),
        [
            ({}, "127.0.0.1,localhost"),
            ({"NO_PROXY": ""}, "127.0.0.1,localhost"),
            ({"NO_PROXY": "a.test, b.test"}, "a.test,b.test,127.0.0.1,localhost"),
            ({"NO_PROXY": "a.test", "no_proxy": "b.test,a.test"}, "a.test,b.test,127.0.0.1,localhost"),
            ({"no_proxy": "localhost"}, "localhost,127.0.0.1"),
            ({"no_proxy": "*"}, "*"),
        ],
    )
    def test_no_proxy_is_used_for_this_machine(self, variables: dict[str, str], hosts: str) -> None:
        assert proxy_exceptions("127.0.0.1", variables) == {"NO_PROXY": hosts, "no_proxy": hosts}

    def test_no_proxy_is_used_for_the_server_of_another_name(self) -> None:
        assert proxy_exceptions("mock.test", {})["NO_PROXY"] == "127.0.0.1,localhost,mock.test"

    def test_what_kubernetes_sets_for_a_service_is_passed_over(self) -> None:
        """In every container of a namespace that has services named clevora-mock and clevora-mock-web."""
        service = {
            "SERVICE_HOST": "10.96.0.7",
            "SERVICE_PORT": "2538",
            "SERVICE_PORT_HTTP": "2538",
            "PORT": "tcp://10.96.0.7:2538",
            "PORT_2538_TCP": "tcp://10.96.0.7:2538",
            "PORT_2538_TCP_PROTO": "tcp",
            "PORT_2538_TCP_PORT": "2538",
            "PORT_2538_TCP_ADDR": "10.96.0.7",
            "PORT_53_UDP": "udp://10.96.0.7:53",
        }
        variables = {f"CLEVORA_MOCK_{web}{name}": value for web in ("", "WEB_") for name, value in service.items()}
        assert unknown_variables(variables) == []
        assert load({}, variables) == Settings()

    def test_variables_of_the_live_api_are_passed_over_where_nothing_needs_them(self) -> None:
        variables = {"CLEVORA_MOCK_UPSTREAM": "https://api.example/v1", "CLEVORA_MOCK_UPSTREAM_KEY": "live-key-1"}
        assert load({}, variables) == Settings()
        assert load({"record": "recordings"}, variables).upstream == "https://api.example/v1"
        assert load({"diff": "1"}, variables).upstream_key == "live-key-1"
        assert load({}, variables | {"CLEVORA_MOCK_REPLAY": "recordings"}).upstream_key == "live-key-1"

    def test_a_flag_of_the_live_api_that_nothing_needs_is_a_conflict(self) -> None:
        assert load({"upstream": "https://api.example/v1"}, {}).conflict is not None
        assert load({"upstream_key": "live-key-1"}, {}).conflict is not None

    def test_a_port_that_is_no_service_is_still_checked(self) -> None:
        with pytest.raises(SettingsError, match="CLEVORA_MOCK_PORT: expected a port"):
            load({}, {"CLEVORA_MOCK_PORT": "http://10.96.0.7:2538"})

    def test_unknown_variables_are_found(self) -> None:
        variables = {
            "CLEVORA_MOCK_PROT": "1",
            "CLEVORA_MOCK_A": "",
            "CLEVORA_MOCK_URL": "x",
            "CLEVORA_API_KEY": "y",
            "PATH": "",
        }
        assert unknown_variables(variables) == ["CLEVORA_MOCK_A", "CLEVORA_MOCK_PROT"]
