# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run integration targets, and search their output for secrets."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import yaml

HERE = Path(__file__).parent
#: A directory for PYTHONPATH that makes module runs faster.
BYTECODE = str(HERE / "bytecode")
SECRETS: dict[str, str] = yaml.safe_load((HERE / "secrets.yml").read_text())


@dataclass(frozen=True)
class Played:
    """The results of a playbook run: its exit status, its output, and the text of the files it wrote."""

    status: int
    printed: str
    written: str


def play(target: str | Path, url: str, home: Path, *extra_vars: str) -> Played:
    """Run a target (a name, or the path of a role) against the server at `url`. `extra_vars` are `name=value`."""
    arguments = [HERE / "play.yml", "-e", " ".join((f"target={target}", *extra_vars))]
    return run_playbook(arguments, home, ELASTICSEARCH_URL=url)


def run_playbook(arguments: Iterable[str | Path], home: Path, **variables: str) -> Played:
    """Run ansible-playbook with these arguments and environment variables, at the highest verbosity.

    The Ansible configuration of the user has no effect. `home`: an empty directory, to which Ansible writes its files
    and its log. Raises subprocess.TimeoutExpired after five minutes.
    """
    (home / "ansible.cfg").touch()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": BYTECODE,
        "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": sys.prefix,
        "ANSIBLE_LOG_PATH": str(home / "ansible.log"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_INJECT_INVOCATION": "1",  # required by ansible-core 2.21 to show task options
        **variables,
    }
    run = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-vvvv", "--diff", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    files = [path for path in home.rglob("*") if path.is_file()]
    return Played(run.returncode, run.stdout, "\n".join(path.read_text(errors="replace") for path in files))


def recap(played: Played) -> dict[str, dict[str, int]]:
    """Return how many tasks of each host were ok, changed, failed, and so on."""
    lines = re.findall(r"^(\w+)\s+: (ok=.*)$", played.printed, re.MULTILINE)
    return {host: {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", counts)} for host, counts in lines}


def find_leaks(text: str, secrets: Mapping[str, str] = SECRETS) -> list[str]:
    """Return the names of the secrets in `text`: plain, in base64, URL-encoded, escaped, or wrapped."""
    squeezed = re.sub(r"[\\\s]", "", text)
    haystack = f"{squeezed}\n{unquote(squeezed)}"
    return [name for name, secret in secrets.items() if any(form in haystack for form in _forms(secret))]


def _forms(secret: str) -> Iterator[str]:
    yield secret
    data = secret.encode()
    # Base64 depends on the number of bytes before the secret ("user:password"), modulo 3. Characters that
    # contain only bits of the secret do not depend on its neighbors.
    for before, skipped in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(bytes(before) + data).decode()[skipped : (before + len(data)) * 8 // 6]
        yield encoded
        yield encoded.replace("+", "-").replace("/", "_")
