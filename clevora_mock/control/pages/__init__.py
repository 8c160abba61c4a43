"""The mock's own pages: plain HTML files beside this module, with ``$names`` to fill in."""

from importlib.resources import files
from string import Template


def page(name: str, **values: str) -> str:
    """The page `name` with `values`, which must be escaped already, in its places."""
    return Template(files(__package__).joinpath(name).read_text(encoding="utf-8")).substitute(values)
