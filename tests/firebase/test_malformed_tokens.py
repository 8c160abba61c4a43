"""Refresh tokens that no server can have issued."""

import pytest

from tests.support.firebase import TOKEN
from tests.support.world import World


@pytest.mark.parametrize("token", ["AMf-A", "AMf-_w", "AMf-e30", "AMf-", "AMf-!", "e30"])
def test_a_malformed_refresh_token_is_refused(world: World, token: str) -> None:
    fields = {"grant_type": "refresh_token", "refresh_token": token}
    answer = world.http.post(TOKEN, params={"key": "local"}, data=fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "INVALID_REFRESH_TOKEN"
