"""The control plane's OpenAPI document."""

from typing import TYPE_CHECKING

from openapi_spec_validator import validate

if TYPE_CHECKING:
    from tests.support.world import World


def test_it_is_valid_and_complete(world: "World") -> None:
    document = world.http.get("/__mock/openapi.json").json()
    validate(document)
    assert document["servers"] == [{"url": world.url}]
    assert {"get", "patch"} <= document["paths"]["/__mock/clock"].keys()
    assert "/__mock/firestore/{path}" in document["paths"]
    assert document["paths"]["/__mock/requests"]["get"]["parameters"][0]["name"] == "endpoint"
    assert "ClockChange" in document["components"]["schemas"]
