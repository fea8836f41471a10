# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generated parts of the README: versions, services, and figures; and the documentation of modules, for other pages.

`python -m tests.pages.readme` updates the README. A unit test fails if it is out of date.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

from ansible_collections.esops.inference.plugins.module_utils._services.catalog import SERVICES
from tests.simulator.versions import NEWEST, OLDEST

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BENCHMARK = ROOT / "docs/docsite/rst/benchmarks.rst"
COLLECTION = "esops.inference"
SUPPORTED: dict[str, Any] = yaml.safe_load((ROOT / "tests/supported.yml").read_text())
MODULES = sorted(path.stem for path in ROOT.glob("plugins/modules/*.py"))

Options = Mapping[str, Any]


@functools.cache
def ansible_doc(kind: str, *names: str) -> dict[str, Any]:
    """Return the output of `ansible-doc` for plugins or roles of the collection, by their short names."""
    tool = Path(sys.executable).with_name("ansible-doc")
    full = [f"{COLLECTION}.{name}" for name in names]
    run = subprocess.run(
        [tool, "--json", "--type", kind, *full],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": sys.prefix},
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(run.stdout)
    return {name: found[f"{COLLECTION}.{name}"] for name in names}


def options_of(module: str) -> dict[str, Any]:
    """Return the documented options of a module, its fragments merged in."""
    options: dict[str, Any] = ansible_doc("module", *MODULES)[module]["doc"]["options"]
    return options


@functools.cache
def entry(module: str) -> tuple[dict[str, Any], Callable[[Options], list[str]]]:
    """Return the whole argument spec of a module, and the function that validates its options further."""
    package = f"ansible_collections.{COLLECTION}.plugins"
    code = importlib.import_module(f"{package}.module_utils._modules.{module}")
    connection = importlib.import_module(f"{package}.module_utils._modules.connection_options")
    with mock.patch.object(code, "run") as run:
        code.main()
    own, problems, _work = run.call_args.args
    return {**connection.connection_options(), **own}, problems


def environment_variable(option: Options) -> str | None:
    """Return the environment variable that the documentation of an option names, if it does."""
    found = re.search(r"E\((\w+)\)(?: of .*?)? is used", " ".join(option["description"]))
    return found[1] if found else None


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
