# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation and the argument specs of the modules, for generated pages and for tests."""

from __future__ import annotations

import functools
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from tests.artifact import ROOT

COLLECTION = "esops.inference"
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
