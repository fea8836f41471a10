# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation site in docs/site/build/html: pages of plugins and roles, guides, and the front page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2
import links
import yaml

HERE = Path(__file__).parent
GUIDES = HERE.parent / "docsite"
PAGES = HERE / "build" / "rst"
SITE = HERE / "build" / "html"
COLLECTION = "esops.inference"


def main() -> None:
    """Build the site. Exits with an error for each warning and each broken link."""
    shutil.rmtree(HERE / "build", ignore_errors=True)
    gather()
    run("sphinx-build", "-b", "html", "-W", "--keep-going", "-q", "-c", HERE, "-d", HERE / "build/trees", PAGES, SITE)
    broken = links.broken(SITE)
    if broken:
        sys.exit("\n".join(broken))
    print(f"The site is {SITE / 'index.html'}: {len(list(SITE.rglob('*.html')))} pages.")


def gather() -> None:
    """Write the pages that Sphinx reads."""
    PAGES.mkdir(parents=True, mode=0o755)
    antsibull = ("antsibull-docs", "--config-file", HERE / "antsibull-docs.cfg", "collection", "--use-current")
    run(*antsibull, "--squash-hierarchy", "--fail-on-error", "--dest-dir", PAGES, COLLECTION)
    # This page lists only variables of plugins that run on the controller. The guide of this name lists all.
    (PAGES / "environment_variables.rst").unlink()
    # Pictures in static/ are shown on the site only. The collection does not contain them.
    for picture in (*GUIDES.glob("rst/*.svg"), *HERE.glob("static/*.png")):
        shutil.copy(picture, PAGES / "docsite")
    (PAGES / "index.rst").write_text(front_page(), encoding="utf-8")


def front_page() -> str:
    """Return the front page, with all guides of extra-docs.yml and the page of each plugin and role."""
    template = jinja2.Template((HERE / "index.rst.j2").read_text(encoding="utf-8"), undefined=jinja2.StrictUndefined)
    sections = yaml.safe_load((GUIDES / "extra-docs.yml").read_text())["sections"]
    return template.render(sections=sections, reference=reference())


def reference() -> list[tuple[str, str, str]]:
    """Return short titles, pages (such as anthropic_role), and descriptions of all modules, roles, and filters."""
    kinds = ("module", "role", "filter")
    pages = sorted((path.stem for path in PAGES.glob("*_*.rst")), key=lambda page: page.rpartition("_")[0])
    named = [(page.rpartition("_")[0], page.rpartition("_")[2], page) for page in pages]
    ordered = sorted(named, key=lambda one: kinds.index(one[1]))
    return [(f"{name} {kind}", page, description(page)) for name, kind, page in ordered]


def description(page: str) -> str:
    """Return the description in the title of the page of a plugin or role."""
    found = re.search(r"^esops\.inference\.\S+ \w+ -- (.+)$", (PAGES / f"{page}.rst").read_text(), re.MULTILINE)
    if not found:
        sys.exit(f"{page}.rst has no title with a description.")
    return found[1]


def run(*command: Any) -> None:
    """Run a command. Exits with its status if that is an error."""
    status = subprocess.run(command, check=False).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    main()
