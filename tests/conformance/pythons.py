# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environments that run modules: each supported Python with only the oldest or the newest requests.

`python -m tests.conformance.pythons` creates all of them, and updates those with the newest requests.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SUPPORTED: dict[str, Any] = yaml.safe_load((ROOT / "tests/supported.yml").read_text())
DIRECTORY = ROOT / ".nox/pythons"
AGES = ("oldest", "newest")

# Each process in an environment appends the versions it used to the file WITNESS_PATH.
WITNESS = """\
import atexit, json, os, sys

def testify():
    loaded = {name: sys.modules[name].__version__ for name in ("requests", "urllib3") if name in sys.modules}
    if loaded:
        with open(os.environ["WITNESS_PATH"], "a") as file:
            file.write(json.dumps(dict(loaded, python="%d.%d" % sys.version_info[:2])) + "\\n")

if "WITNESS_PATH" in os.environ:
    atexit.register(testify)
"""


@dataclass(frozen=True)
class Environment:
    """A Python with the oldest supported or the newest requests."""

    python: str
    age: str

    @property
    def directory(self) -> Path:
        """Return the directory of the environment."""
        return DIRECTORY / f"{self.python}-{self.age}"

    @property
    def interpreter(self) -> Path:
        """Return the path of its Python."""
        return self.directory / "bin/python"

    @property
    def packages(self) -> Path:
        """Return the directory of its packages."""
        return self.directory / f"lib/python{self.python}/site-packages"

    def make(self) -> None:
        """Create or update the environment. Raises OSError or CalledProcessError without a working Python."""
        witness = self.packages / "sitecustomize.py"
        if witness.exists() and self.age == "oldest":
            return
        if not witness.exists():
            venv: list[str | Path] = [f"python{self.python}", "-m", "venv", "--clear", "--without-pip", self.directory]
            subprocess.run(venv, check=True)
        wanted = f"requests=={SUPPORTED['requests']}" if self.age == "oldest" else "requests"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--no-warn-conflicts"]
        # The pip of this Python installs the packages, because the other Python can be too old for a current pip.
        there = ["--python-version", self.python, "--only-binary", ":all:", "--target", str(self.packages)]
        subprocess.run([*pip, *there, wanted], check=True)
        witness.write_text(WITNESS)

    def versions(self) -> dict[str, str]:
        """Return the versions that should run in the environment."""
        found = {one.name: one.version for one in distributions(path=[str(self.packages)])}
        return {"python": self.python, "requests": found["requests"], "urllib3": found["urllib3"]}


def main() -> int:
    for python in SUPPORTED["pythons"]:
        for age in AGES:
            environment = Environment(python, age)
            environment.make()
            print(*(f"{name} {version}" for name, version in environment.versions().items()), sep=", ", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
