# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection as users install it, with `python -m tests.artifact DIRECTORY` or `make build`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
VERSION: str = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
NAME = f"esops-inference-{VERSION}.tar.gz"


def build(directory: Path) -> Path:
    """Build the artifact from a clean copy of the checkout, and return its path."""
    with tempfile.TemporaryDirectory() as scratch:
        copy_checkout(Path(scratch))
        tool = Path(sys.executable).with_name("ansible-galaxy")
        subprocess.run(
            [tool, "collection", "build", scratch, "--output-path", directory, "--force"],
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return directory / NAME


def copy_checkout(target: Path) -> None:
    """Copy the files that git tracks or would add. Without git, copy all files that are not hidden."""
    if not (ROOT / ".git").exists():
        shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(".*", "__pycache__"), dirs_exist_ok=True)
        return
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    run = subprocess.run(listed, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    for name in filter(None, run.stdout.split("\0")):
        if (ROOT / name).exists():  # git lists a deleted file until the deletion is added
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
