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


def colors(brand: str) -> dict[str, str]:
    """Return the color variables of the theme."""
    return {f"color-{name}": brand for name in ("brand-primary", "brand-content", "api-name", "api-pre-name")}


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
    "light_css_variables": colors("#00627a"),
    "dark_css_variables": colors("#5ec8dd"),
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
copybutton_line_continuation_character = "\\"
copybutton_copy_empty_lines = False

#: References of module pages to Ansible's own documentation.
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest/reference_appendices/"
ELSEWHERE = {"common_return_values": f"{ANSIBLE}common_return_values.html"}


def resolve(_app: Any, _environment: Any, node: Any, content: Any) -> Any:
    """Resolve references to Ansible's documentation, which has no inventory here."""
    if node["reftarget"] not in ELSEWHERE:
        return None
    return nodes.reference("", "", content, refuri=ELSEWHERE[node["reftarget"]], internal=False)


#: Guides with more sections than this have a list of contents. If few of them are main sections, it has two levels.
MOST_SECTIONS = 8
MOST_MAIN_SECTIONS = 6


def contents(depth: int) -> str:
    """Return a list of contents. site.css hides it if the theme shows its own, and the theme requires the class."""
    return f""".. contents:: On this page
   :local:
   :depth: {depth}
   :class: this-will-duplicate-information-and-it-is-still-useful-here
"""


def show_contents(_app: Any, page: str, source: list[str]) -> None:
    """Add a list of contents to long guides, before the first section. Replace that of generated pages."""
    text = re.sub(r"\.\. contents::\n   :local:\n   :depth: (\d)\n", lambda found: contents(int(found[1])), source[0])
    main = re.findall(r"^.+\n-{3,}$", text, re.MULTILINE)
    sections = re.findall(r"^.+\n(?:-{3,}|~{3,})$", text, re.MULTILINE)
    if page.startswith("docsite/") and (len(sections) > MOST_SECTIONS or len(main) > MOST_MAIN_SECTIONS):
        listed = contents(1 if len(main) > MOST_MAIN_SECTIONS else 2)
        first = re.compile(r"^((?:\.\. _\S+:\n\n)?.+\n-{3,}\n)", re.MULTILINE)
        text = first.sub(lambda section: f"{listed}\n{section[1]}", text, count=1)
    if page.endswith("_role"):
        # The title of the page has the same description.
        text = re.sub(r"^(Entry point ``main``) -- .+$", r"\1", text, flags=re.MULTILINE)
    source[0] = text


def format_title(_app: Any, _page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Put the description of a module below its name, which can break after its dots and underscores."""

    def formatted(title: re.Match[str]) -> str:
        name, _dash, description = title[1].partition(" \u2013 ")
        name = re.sub(r"(?<=[a-z][._])(?=[a-z])", "<wbr>", name)
        below = f' <span class="description">{description}</span>' if description else ""
        return f"<h1>{name}{title[2]}{below}</h1>"

    context["body"] = re.sub(r"<h1>([^<]*)(.*?)</h1>", formatted, context.get("body", ""), count=1)


def link_to_edit(_app: Any, page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Set the link to the source of a page. Pages of modules and roles set it themselves."""
    known = (context.get("meta") or {}).get("github_url", "").partition("?")[0]
    guide = f"docs/docsite/rst/{page.removeprefix('docsite/')}.rst"
    path = guide if page.startswith("docsite/") else "docs/site/index.rst.j2"
    context["theme_source_edit_link"] = known or f"{GALAXY['repository']}/edit/main/{path}"


def setup(app: Any) -> None:
    """Connect the functions above to Sphinx."""
    app.connect("html-page-context", format_title)
    app.connect("html-page-context", link_to_edit)
    app.connect("source-read", show_contents)
    app.connect("missing-reference", resolve)
