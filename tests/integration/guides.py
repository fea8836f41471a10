# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follow a guide of docs/docsite/rst word for word, and compare the documented output with the actual output.

A code block with a caption is the file of that name. A block of the language `console` contains commands after `$ `,
each followed by its full output. A command that ends with a backslash continues on the next line. The blocks are
processed in order, in one shell.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.harness import BYTECODE

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs/docsite/rst"

_BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n((?:   :[\w-]+:.*\n)*)\n((?:(?:   .*)?\n)+)", re.MULTILINE)
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n?((?:(?!\$ ).*\n?)*)", re.MULTILINE)
_END = "-- end of the command --"


@dataclass(frozen=True)
class Block:
    """A code block: its language, its file name, if any, and its text."""

    language: str
    caption: str
    text: str

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Return the commands with their documented output."""
        return [(command, shown.strip()) for command, shown in _COMMAND.findall(self.text)]


def blocks(guide: str, *headings: str) -> list[Block]:
    """Return the blocks of a guide in order. With `headings`, return only those of these sections."""
    text = (GUIDES / f"{guide}.rst").read_text(encoding="utf-8")
    if headings:
        text = "\n".join(_section(text, heading) for heading in headings)
    return [
        Block(language, _caption(options), re.sub("^   ", "", body, flags=re.MULTILINE).strip("\n") + "\n")
        for language, options, body in _BLOCK.findall(text)
    ]


def _section(text: str, heading: str) -> str:
    found = re.search(rf"^{re.escape(heading)}\n-+\n(.*?)(?=^[^\n]+\n-+$|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"The guide has no section {heading!r}."
    return found[1]


def _caption(options: str) -> str:
    found = re.search(":caption: (.*)", options)
    return found[1] if found else ""


@dataclass
class Reader:
    """A shell in which the steps of a guide are executed.

    :ivar stands_for: the placeholders of the guide for variable parts: addresses, ports, files.
    :ivar typed: the input for commands that begin with each key.
    :ivar seen: all output so far.
    """

    shell: subprocess.Popen[str]
    folder: Path
    stands_for: Mapping[str, str]
    typed: Mapping[str, str] = field(default_factory=dict)
    seen: str = ""

    def follow(self, guide: list[Block]) -> None:
        """Execute all steps. Raises AssertionError if an output differs from the documented one."""
        for block in guide:
            if block.caption:
                path = self.folder / block.caption
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self._real(block.text), encoding="utf-8")
            if block.language == "console":
                for command, shown in block.commands:
                    printed = self.run(command)
                    assert printed == shown, f"$ {command}\n{printed}"

    def run(self, command: str) -> str:
        """Run a command, and return its output with the placeholders of the guide."""
        typed = next((text for start, text in self.typed.items() if command.startswith(start)), "")
        assert self.shell.stdin
        assert self.shell.stdout
        self.shell.stdin.write(f"{{ {self._real(command)}\n}} <<'typed'\n{typed}\ntyped\necho; echo '{_END}'\n")
        self.shell.stdin.flush()
        lines = []
        while (line := self.shell.stdout.readline().rstrip()) != _END:
            lines.append(line)
            assert self.shell.poll() is None, "\n".join(lines)
        printed = "\n".join(lines).strip()
        self.seen += printed + "\n"
        for shown, real in self.stands_for.items():
            printed = printed.replace(real, shown)
        return printed

    def _real(self, text: str) -> str:
        for shown, real in self.stands_for.items():
            text = text.replace(shown, real)
        return text


@contextmanager
def reader(home: Path, stands_for: Mapping[str, str], **typed: str) -> Iterator[Reader]:
    """Yield a shell with an empty home directory, after `make venv`."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "NO_PROXY": "127.0.0.1",
        "ANSIBLE_COLLECTIONS_PATH": sys.prefix,
        "PYTHONPATH": os.pathsep.join(filter(None, [BYTECODE, os.environ.get("PYTHONPATH")])),
    }
    with subprocess.Popen(
        ["bash", "--noprofile", "--norc"],
        env=environment,
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as shell:
        try:
            yield Reader(shell, home, stands_for, typed)
        finally:
            shell.kill()
