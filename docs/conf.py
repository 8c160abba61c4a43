"""Sphinx's configuration: MyST's Markdown in the theme furo. `make docs` builds it; a warning is an error."""

import re
from pathlib import Path

_VERSION = Path(__file__).parent.parent / "clevora_mock" / "version.py"

project = "clevora-mock"
author = "The clevora-mock authors"
release = re.findall(r'__version__ = "(.+)"', _VERSION.read_text(encoding="utf-8"))[0]
version = release

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
# Links to a heading by its text, as on code hosts.
myst_heading_anchors = 3
myst_links_external_new_tab = True

html_theme = "furo"
html_title = f"clevora-mock {release}"
html_copy_source = False
html_show_sourcelink = False
# The pages load nothing from other hosts.
html_theme_options = {"navigation_with_keys": True}
