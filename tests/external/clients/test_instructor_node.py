"""instructor for Node, which requests an object of a class and validates it.

It is no row of the matrix, since a stream that is cut ends its process: it leaves the rejection to nobody.
"""

import pytest

from tests.external.clients.conftest import Script
from tests.support import records
from tests.support.world import World

REQUEST = {"model": "clevora-1.0-turbo", "messages": [{"role": "user", "content": "Invent a person who sails."}]}


@pytest.mark.parametrize("function", ["whole", "streamed"])
@pytest.mark.parametrize("mode", ["JSON", "JSON_SCHEMA"])
def test_an_object(world: World, script: Script, mode: str, function: str) -> None:
    server = {"base_url": world.base_url, "api_key": world.api_key}
    got = script(world, "instructor", function, **server, mode=mode, request=REQUEST)
    (charge,) = records.wait_for_charges(world)
    assert {name: type(got[name]) for name in ("name", "age")} == {"name": str, "age": int}
    assert got["_meta"]["usage"]["total_tokens"] == charge.tokens
