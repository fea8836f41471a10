# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does what a guide of docs/docsite/rst says, word for word, and holds what it shows against what happens.

A block of code with a caption is the file of that name. A block of the language `console` holds commands
behind `$ `, each with all that it prints below it; a command that ends with a backslash goes on in the
next line. The blocks are done in their order, in one shell.
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
    """A block of code: its language, the file it is, if any, and its text."""

    language: str
    caption: str
    text: str

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Commands with what they print."""
        return [(command, shown.strip()) for command, shown in _COMMAND.findall(self.text)]


def blocks(guide: str, *headings: str) -> list[Block]:
    """The blocks of a guide in their order; with `headings` those of these sections alone."""
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
    """Somebody at a shell who does what a guide says.

    :ivar stands_for: what a guide shows in place of what varies: addresses, ports, files.
    :ivar typed: what is typed where a command with this beginning asks for it.
    :ivar seen: all that was printed.
    """

    shell: subprocess.Popen[str]
    folder: Path
    stands_for: Mapping[str, str]
    typed: Mapping[str, str] = field(default_factory=dict)
    seen: str = ""

    def follow(self, guide: list[Block]) -> None:
        """Do all of it. Fails where something else is printed than shown."""
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
        """Run a command, and return what it prints in the words of a guide."""
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
    """Somebody whose home is an empty directory, and who has `make venv` behind them."""
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
