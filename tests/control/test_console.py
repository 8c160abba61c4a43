"""The console's page and files: their policy, types and caching; what browsers test is in `tests/external/console`."""

import asyncio
import json
import re
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import clevora_mock
from clevora_mock.app import create_app
from clevora_mock.settings import Settings
from tests.support.vendored import FILES, LIBRARIES, LICENSES, MANIFEST
from tests.support.world import World

CONSOLE = Path(clevora_mock.__file__).parent / "control" / "console"
MODULES = sorted(path.relative_to(CONSOLE).as_posix() for path in CONSOLE.rglob("*.js"))
HTML = {"accept": "text/html,application/xhtml+xml"}
# All that the policy admits.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "require-trusted-types-for": "'script'",
}


def page_of(world: World, path: str = "/console") -> httpx.Response:
    return world.http.get(path, headers=HTML)


def files_in(page: httpx.Response) -> list[str]:
    """Return the paths of the files that a page names."""
    return re.findall(r'(?:src|href)="([^"]*/console/[^"]+)"', page.text)


def base_of(world: World) -> str:
    """Return the path below which the console's files are."""
    return files_in(page_of(world))[-1].removesuffix("main.js")


@pytest.mark.parametrize("path", ["/console", "/console/", "/"])
def test_browsers_get_the_console_with_a_policy_that_admits_its_own_files_alone(world: World, path: str) -> None:
    page = page_of(world, path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = page.headers["content-security-policy"]
    assert dict(part.split(" ", 1) for part in policy.split("; ")) == POLICY
    expected = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer"}
    assert {name: page.headers.get(name) for name in expected} == expected
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", page.text)


def test_the_page_says_what_to_copy_where_a_browser_has_no_scripts(world: World) -> None:
    assert f"export CLEVORA_BASE_URL={world.base_url}\nexport CLEVORA_API_KEY={world.api_key}" in page_of(world).text


def test_a_sandbox_has_a_console_of_its_own(world: World) -> None:
    page = page_of(world)
    assert f'data-root="/sandbox/{world.name}"' in page.text
    assert all(path.startswith(f"/sandbox/{world.name}/console/") for path in files_in(page))


def test_each_file_has_its_type_and_is_kept_by_browsers(world: World) -> None:
    base = base_of(world)
    for name in ("main.js", "tokens.css", "lib/uplot.css", "parts/table.js"):
        answer = httpx.get(world.server.url + base + name)
        kind = "javascript" if name.endswith(".js") else "css"
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"text/{kind}; charset=utf-8")
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert answer.content == (CONSOLE / name).read_bytes()
    assert page_of(world).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name",
    ["nothing.js", "__init__.py", "lib/manifest.json", "../pages/checkout.html", "%2e%2e/routes.py", "page.html"],
)
def test_no_other_file_is_served(world: World, name: str) -> None:
    assert httpx.get(f"{world.server.url}{base_of(world)}{name}").status_code == 404


def test_a_mounted_console_finds_its_files() -> None:
    async def ask() -> tuple[str, int]:
        app = Starlette(routes=[Mount("/clevora", create_app(Settings()))])
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 40_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            page = await http.get("/clevora/sandbox/a/console")
            files = [await http.get(path) for path in files_in(page)]
            return page.text, max(answer.status_code for answer in files)

    text, status = asyncio.run(ask())
    assert 'data-root="/clevora/sandbox/a"' in text
    assert status == 200


def test_files_of_another_version_are_not_found(world: World) -> None:
    assert world.http.get("/console/0123456789abcdef/main.js").status_code == 404


def test_modules_import_each_other_by_relative_paths_that_exist() -> None:
    """A browser needs no map of imports, and a report can hold the modules under the same names."""
    missing = []
    for module in MODULES:
        text = (CONSOLE / module).read_text(encoding="utf-8")
        for name in re.findall(r'(?:from|import)\s*"([^"]+)"', text):
            target = (CONSOLE / module).parent / name
            if not name.startswith(("./", "../")) or not target.is_file():
                missing.append((module, name))
    assert missing == []


def test_parts_know_neither_the_server_nor_the_page() -> None:
    """All that they show is given to them, so that a report can be made of them."""
    parts = {path.name: path.read_text(encoding="utf-8") for path in (CONSOLE / "parts").glob("*.js")}
    assert len(parts) >= 8
    knowing = r'"\.\./(server|state|main|views/[^"]+)\.js"|\bfetch\(|EventSource|location\.'
    assert [name for name, text in parts.items() if re.search(knowing, text)] == []


def test_no_module_makes_markup_of_text() -> None:
    own = [module for module in MODULES if not module.startswith("lib/")]
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|dangerously"
    assert [name for name in own if re.search(markup, (CONSOLE / name).read_text(encoding="utf-8"))] == []


def test_the_libraries_are_those_of_the_manifest() -> None:
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    assert {name: (one["package"], one["version"], one["source"]) for name, one in manifest.items()} == {
        file.name: (file.package, file.version, file.source) for file in FILES
    }
    found = {path.name for path in LIBRARIES.iterdir()} - {MANIFEST.name, LICENSES.name}
    assert found == manifest.keys()
    for name, one in manifest.items():
        content = (LIBRARIES / name).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (one["bytes"], one["sha256"]), name


def test_each_library_comes_with_its_license() -> None:
    text = LICENSES.read_text(encoding="utf-8")
    for one in json.loads(MANIFEST.read_text(encoding="utf-8")).values():
        assert one["license"] in {"MIT", "Apache-2.0"}
        assert f"{one['package']} ({one['license']})" in text


def test_the_libraries_have_at_most_150_kilobytes() -> None:
    assert sum(path.stat().st_size for path in LIBRARIES.glob("*.*s*") if path.suffix in {".js", ".css"}) <= 150_000


def test_the_console_is_closed_with_the_control_plane(world: World) -> None:
    for path in ("/console", f"{base_of(world).removeprefix(f'/sandbox/{world.name}')}main.js"):
        answer = world.http.get(path, headers={"host": "evil.example"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden_host")
