# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx builds the site out of the pages that build.py gathers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes

ROOT = Path(__file__).parents[2]
GALAXY: dict[str, Any] = yaml.safe_load((ROOT / "galaxy.yml").read_text())

project = "esops.inference"
author = "esops.inference contributors"
copyright = f"2026, {author}"  # noqa: A001 - the name is Sphinx's
release = version = GALAXY["version"]

extensions = ["sphinx_antsibull_ext"]
nitpicky = True
default_role = "any"
highlight_language = "YAML+Jinja"

html_title = f"esops.inference {version}"
html_theme = "furo"
html_theme_options = {
    "top_of_page_buttons": ["edit"],
    "light_css_variables": {"color-brand-primary": "#00627a", "color-brand-content": "#00627a"},
    "dark_css_variables": {"color-brand-primary": "#5ec8dd", "color-brand-content": "#5ec8dd"},
}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_use_index = False
# The colours of tables of options are in site.css, where they follow those of the theme.
antsibull_ext_color_scheme = "none"

#: What the pages of modules refer to in Ansible's own documentation.
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest/reference_appendices/"
ELSEWHERE = {"common_return_values": f"{ANSIBLE}common_return_values.html"}


def resolve(_app: Any, _environment: Any, node: Any, content: Any) -> Any:
    """Links what is elsewhere, for which there is no inventory."""
    if node["reftarget"] not in ELSEWHERE:
        return None
    return nodes.reference("", "", content, refuri=ELSEWHERE[node["reftarget"]], internal=False)


def without_contents(_app: Any, _page: str, source: list[str]) -> None:
    """Takes the list of contents out of generated pages: the theme shows one beside the text."""
    source[0] = re.sub(r"\.\. contents::\n   :local:\n   :depth: \d\n", "", source[0])


def link_to_edit(_app: Any, page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Says where the text of a page is. Pages of modules and roles know that themselves."""
    known = (context.get("meta") or {}).get("github_url", "").partition("?")[0]
    guide = f"docs/docsite/rst/{page.removeprefix('docsite/')}.rst"
    path = guide if page.startswith("docsite/") else "docs/site/index.rst.j2"
    context["theme_source_edit_link"] = known or f"{GALAXY['repository']}/edit/main/{path}"


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("html-page-context", link_to_edit)
    app.connect("source-read", without_contents)
    app.connect("missing-reference", resolve)
