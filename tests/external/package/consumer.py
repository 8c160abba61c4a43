"""A program that uses the package; type checkers check it with only the wheel installed."""

from typing import assert_type

import clevora_mock
from clevora_mock.testing import Clevora, Finding, Request, Server


def test_it(clevora: Clevora) -> None:
    clevora.use("flaky")
    clevora.use(rules=[{"when": {"endpoint": "search"}, "then": {"error": 500}}])
    clevora.clock.advance(60)
    assert_type(clevora.balance, float)
    clevora.balance = 5
    assert_type(clevora.requests(status=429), list[Request])
    assert_type(clevora.conduct(), list[Finding])
    assert_type(clevora.id_token(uid="ann"), str)


with clevora_mock.running(seed=7, clock="frozen", no_rate_limit=True) as server:
    assert_type(server, Server)
    assert_type(server.sandbox("other").base_url, str)

app = clevora_mock.create_app()
