# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx configuration of the site. build.py gathers the pages."""

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

extensions = ["sphinx_antsibull_ext", "sphinx_copybutton"]
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
# site.css sets the colors of option tables to those of the theme.
antsibull_ext_color_scheme = "none"

# A copy button copies the commands of a console block, without prompts and output. Messages are not copied.
copybutton_selector = "div:not(.highlight-text) > div.highlight > pre"
copybutton_prompt_text = "$ "

#: References of module pages to Ansible's own documentation.
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest/reference_appendices/"
ELSEWHERE = {"common_return_values": f"{ANSIBLE}common_return_values.html"}


def resolve(_app: Any, _environment: Any, node: Any, content: Any) -> Any:
    """Resolve references to Ansible's documentation, which has no inventory here."""
    if node["reftarget"] not in ELSEWHERE:
        return None
    return nodes.reference("", "", content, refuri=ELSEWHERE[node["reftarget"]], internal=False)


#: Pages with more sections than this have a list of contents.
MOST_SECTIONS = 6
#: The class that the theme requires for a list of contents. site.css hides the list if the theme shows its own.
CONTENTS = """.. contents::
   :local:
   :depth: 1
   :class: this-will-duplicate-information-and-it-is-still-useful-here
"""


def show_contents(_app: Any, page: str, source: list[str]) -> None:
    """Add a list of contents to long pages, and replace that of generated pages."""
    text = re.sub(r"\.\. contents::\n   :local:\n   :depth: \d\n", lambda _found: CONTENTS, source[0])
    sections = re.findall(r"^.+\n-{3,}$", text, re.MULTILINE)
    if page.startswith("docsite/") and len(sections) > MOST_SECTIONS:
        text = re.sub(r"^(.+\n={3,}\n)", lambda title: f"{title[1]}\n{CONTENTS}\n", text, count=1, flags=re.MULTILINE)
    source[0] = text


def break_names(_app: Any, _page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Let the name of a module in a title break after its dots and underscores."""

    def breaking(title: re.Match[str]) -> str:
        return re.sub(r"(?<=[a-z][._])(?=[a-z])", "<wbr>", title[0])

    context["body"] = re.sub(r"(?<=<h1>)[^<]*", breaking, context.get("body", ""), count=1)


def link_to_edit(_app: Any, page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Set the link to the source of a page. Pages of modules and roles set it themselves."""
    known = (context.get("meta") or {}).get("github_url", "").partition("?")[0]
    guide = f"docs/docsite/rst/{page.removeprefix('docsite/')}.rst"
    path = guide if page.startswith("docsite/") else "docs/site/index.rst.j2"
    context["theme_source_edit_link"] = known or f"{GALAXY['repository']}/edit/main/{path}"


def setup(app: Any) -> None:
    """Connect the functions above to Sphinx."""
    app.connect("html-page-context", break_names)
    app.connect("html-page-context", link_to_edit)
    app.connect("source-read", show_contents)
    app.connect("missing-reference", resolve)
