# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README's tables: the options, from the documentation of the modules, and the versions, from what is tested; and
the names of the known services.

`python -m tests.pages.readme` writes them anew; a unit test fails where they are old.
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
from collections.abc import Callable, Iterable, Iterator, Mapping
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
Column = tuple[str, Callable[[Options], str]]


@functools.cache
def ansible_doc(kind: str, *names: str) -> dict[str, Any]:
    """Return what `ansible-doc` knows of plugins or roles of the collection, by their short names."""
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
    """Return the whole argument spec of a module, and what finds the problems beyond it."""
    package = f"ansible_collections.{COLLECTION}.plugins"
    code = importlib.import_module(f"{package}.module_utils._modules.{module}")
    connection = importlib.import_module(f"{package}.module_utils._modules.connection_options")
    with mock.patch.object(code, "run") as run:
        code.main()
    own, problems, _work = run.call_args.args
    return {**connection.connection_options(), **own}, problems


def environment_variable(option: Options) -> str | None:
    """Return the variable that the documentation says is used where the option is not given."""
    found = re.search(r"E\((\w+)\)(?: of .*?)? is used", " ".join(option["description"]))
    return found[1] if found else None


def tables() -> dict[str, str]:
    """Return the README's tables by their names, each in the order of the argument spec."""
    one, many = options_of("anthropic_endpoint"), options_of("anthropic_endpoints")
    spec = {**entry("anthropic_endpoint")[0], **entry("anthropic_endpoints")[0]}
    connection = [name for name in spec if name in one and environment_variable(one[name])]
    policy = [name for name in spec if name in one and name in many and name not in connection]
    endpoint = [name for name in spec["endpoints"]["options"] if name in one]
    lists = [name for name in spec if name not in one]
    read, info = options_of("endpoint_info"), entry("endpoint_info")[0]
    ask, asked = options_of("completion"), entry("completion")[0]
    ping, pinged = options_of("endpoint_ping"), entry("endpoint_ping")[0]
    values, default = ("Values", _values), ("Default", _default)
    environment = ("Environment variable", _environment)
    endpoint_rows = _flat(endpoint, one, spec["endpoints"]["options"])
    return {
        "endpoint": _table(endpoint_rows, values, default),
        "policy": _table(((name, one[name]) for name in policy), values, default),
        "list": _table(((name, many[name]) for name in lists), values, default),
        "info": _table(((name, read[name]) for name in info if name not in connection), values, default),
        "completion": _table(((name, ask[name]) for name in asked if name not in connection), values, default),
        "ping": _table(((name, ping[name]) for name in pinged if name not in connection), values, default),
        "connection": _table(((name, one[name]) for name in connection), default, environment),
    }


def versions() -> str:
    """Return the README's table of the versions that the tests run with."""
    cores, pythons = list(SUPPORTED["ansible_cores"]), SUPPORTED["pythons"]
    oldest, newest = (".".join(map(str, version)) for version in (OLDEST, NEWEST))
    lines = [
        ("", "Versions"),
        ("---", "---"),
        ("Elasticsearch", f"{oldest} to {newest}, and Serverless"),
        ("ansible-core", f"{cores[0]} to {cores[-1]}"),
        (
            "Python, where the module runs",
            f"{pythons[0]} to {pythons[-1]}, as far as the ansible-core in use supports it",
        ),
        ("requests, where the module runs", f"{SUPPORTED['requests'].removesuffix('.0')} and newer"),
    ]
    return "\n".join(f"| {name} | {value} |" for name, value in lines).replace("|  |", "| |")


def services() -> str:
    """Return the names of the known services."""
    names = ", ".join(f"`{name}`" for name in SERVICES)
    return textwrap.fill(names, 120, break_on_hyphens=False, break_long_words=False)


def _flat(names: Iterable[str], options: Options, spec: Options, prefix: str = "") -> Iterator[tuple[str, Options]]:
    """Yield options with their dotted names; the members of groups in place of the groups."""
    for name in names:
        members = options[name].get("suboptions")
        if members:
            inner = spec[name]["options"]
            yield from _flat(inner, members, inner, f"{prefix}{name}.")
        else:
            yield prefix + name, options[name]


def _table(rows: Iterable[tuple[str, Options]], *columns: Column) -> str:
    titles = ["Option", *(title for title, _cell in columns), "Meaning"]
    lines = [
        titles,
        ["---"] * len(titles),
        *([f"`{name}`", *(cell(option) for _title, cell in columns), _meaning(option)] for name, option in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _values(option: Options) -> str:
    return ", ".join(f"`{choice}`" for choice in option.get("choices", ())) or option["type"]


def _default(option: Options) -> str:
    if option.get("required"):
        return "required"
    default = option.get("default")
    return "" if default is None else f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _environment(option: Options) -> str:
    return f"`{environment_variable(option)}`"


def _meaning(option: Options) -> str:
    """Return the first sentence of the documentation."""
    description = option["description"]
    text = description if isinstance(description, str) else description[0]
    sentence = re.split(r"(?<=[.]) (?=[A-Z])", text)[0]
    return re.sub(r"\b[A-Z]+\((?:[\w.]+#module:)?([^)]*)\)", r"`\1`", sentence).replace("|", "\\|")


def speed() -> str:
    """Return the bars of the benchmark's page and what it measured."""
    bars = BENCHMARK.read_text().split("Bars\n----\n", 1)[1].split("\n\n", 3)[2]
    cells = [line.strip()[2:].strip() for line in bars.replace("* -", "  -").splitlines()]
    rows = [cells[first : first + 5] for first in range(0, len(cells), 5)]
    head, *found = [[work, what, measured] for work, what, _bar, measured, _holds in rows]
    lines = [head, ["---"] * len(head), *found]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def updated(text: str) -> str:
    """Return the README's text with the tables of today between their marks."""
    marked = {f"options: {name}": table for name, table in tables().items()}
    for name, table in {**marked, "versions": versions(), "speed": speed(), "services": services()}.items():
        begin, end = f"<!-- {name} -->\n\n", "\n\n<!-- end -->"
        pattern = re.escape(begin) + r"(?s:.*?)" + re.escape(end)
        text, times = re.subn(pattern, (begin + table + end).replace("\\", r"\\"), text)
        if times != 1:
            raise ValueError(f"the README has {times} places for the table {name}, not one")
    return text


if __name__ == "__main__":
    README.write_text(updated(README.read_text()))
