# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generated parts of the README: versions, services, and figures.

`python -m tests.pages.readme` updates the README. A unit test fails if it is out of date.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

import yaml

from ansible_collections.esops.inference.plugins.module_utils._services.catalog import SERVICES
from tests.artifact import ROOT
from tests.simulator.versions import NEWEST, OLDEST

README = ROOT / "README.md"
BENCHMARK = ROOT / "docs/docsite/rst/benchmarks.rst"
SUPPORTED: dict[str, Any] = yaml.safe_load((ROOT / "tests/supported.yml").read_text())


def versions() -> str:
    """Return the table of the tested versions."""
    cores, pythons = list(SUPPORTED["ansible_cores"]), SUPPORTED["pythons"]
    oldest, newest = (".".join(map(str, version)) for version in (OLDEST, NEWEST))
    lines = [
        ("", "Versions"),
        ("---", "---"),
        ("Elasticsearch", f"{oldest} to {newest}, and Serverless"),
        ("ansible-core", f"{cores[0]} to {cores[-1]}"),
        (
            "Python, on the host where the module runs",
            f"{pythons[0]} to {pythons[-1]}, if ansible-core supports it",
        ),
        ("requests, on the host where the module runs", f"{SUPPORTED['requests'].removesuffix('.0')} or later"),
    ]
    return "\n".join(f"| {name} | {value} |" for name, value in lines).replace("|  |", "| |")


def services() -> str:
    """Return the names of the services in the catalog."""
    names = ", ".join(f"`{name}`" for name in SERVICES)
    return textwrap.fill(names, 120, break_on_hyphens=False, break_long_words=False)


def speed() -> str:
    """Return the findings of the page "Benchmarks" as a list."""
    findings = BENCHMARK.read_text().split("Benchmarks\n==========\n\n", 1)[1].split("\n\nTargets\n", 1)[0]
    return findings.replace("``", "`")


def updated(text: str) -> str:
    """Return the text of the README with its generated parts updated."""
    for name, table in {"versions": versions(), "speed": speed(), "services": services()}.items():
        begin, end = f"<!-- {name} -->\n\n", "<!-- end -->"
        pattern = re.escape(begin) + r"(?s:.*?)" + re.escape(end)
        text, times = re.subn(pattern, f"{begin}{table}\n\n{end}".replace("\\", r"\\"), text)
        if times != 1:
            raise ValueError(f"the README must have one place for {name}, but has {times}")
    return text


if __name__ == "__main__":
    README.write_text(updated(README.read_text()))
