"""HTML pages, as `string.Template` files in this folder."""

from importlib.resources import files
from string import Template


def render_page(name: str, **values: str) -> str:
    """Return the page `name` with `values`, which must be escaped, substituted."""
    return Template(files(__package__).joinpath(name).read_text(encoding="utf-8")).substitute(values)
