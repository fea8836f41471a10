# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the documentation's site into docs/site/build/html: pages of plugins and roles, guides, and the front page."""

from __future__ import annotations

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
    """Builds everything anew, and ends with an error if anything is wrong with it."""
    shutil.rmtree(HERE / "build", ignore_errors=True)
    gather()
    run("sphinx-build", "-b", "html", "-W", "--keep-going", "-q", "-c", HERE, "-d", HERE / "build/trees", PAGES, SITE)
    broken = links.broken(SITE)
    if broken:
        sys.exit("\n".join(broken))
    print(f"The site is {SITE / 'index.html'}: {len(list(SITE.rglob('*.html')))} pages.")


def gather() -> None:
    """Writes the pages in the form that Sphinx reads."""
    PAGES.mkdir(parents=True, mode=0o755)
    antsibull = ("antsibull-docs", "--config-file", HERE / "antsibull-docs.cfg", "collection", "--use-current")
    run(*antsibull, "--squash-hierarchy", "--fail-on-error", "--dest-dir", PAGES, COLLECTION)
    # It lists none: variables that modules read count only for plugins that run with Ansible itself.
    (PAGES / "environment_variables.rst").unlink()
    for picture in GUIDES.glob("rst/*.svg"):
        shutil.copy(picture, PAGES / "docsite")
    (PAGES / "index.rst").write_text(front_page(), encoding="utf-8")


def front_page() -> str:
    """The front page, with all guides of extra-docs.yml and the page of each plugin and role."""
    template = jinja2.Template((HERE / "index.rst.j2").read_text(encoding="utf-8"), undefined=jinja2.StrictUndefined)
    sections = yaml.safe_load((GUIDES / "extra-docs.yml").read_text())["sections"]
    return template.render(sections=sections, reference=reference())


def reference() -> list[tuple[str, str]]:
    """Short titles and pages of all plugins and roles, modules first: anthropic_role is the page of a role."""
    pages = sorted(path.stem for path in PAGES.glob("*_*.rst"))
    named = [(page.rpartition("_")[0], page.rpartition("_")[2], page) for page in pages]
    modules = [(name, page) for name, kind, page in named if kind == "module"]
    return modules + [(f"{kind} {name}", page) for name, kind, page in named if kind != "module"]


def run(*command: Any) -> None:
    """Runs a command, and ends with its status if that is an error."""
    status = subprocess.run(command, check=False).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    main()
