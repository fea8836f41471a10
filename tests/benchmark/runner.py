# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run playbooks with ansible-playbook and measure them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.simulator import Simulator

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Run:
    """The measurements of one run of ansible-playbook.

    `play`: seconds from start to end. `tasks`: name and seconds of each task, in order.
    `cpu`: total CPU seconds of the module processes. `memory`: their peak memory in bytes. Both are 0 if not metered.
    """

    play: float
    tasks: tuple[tuple[str, float], ...]
    requests: int
    connections: int
    most_at_once: int
    cpu: float = 0.0
    memory: int = 0

    @property
    def task(self) -> float:
        """Return the total seconds of all tasks."""
        return sum(seconds for _name, seconds in self.tasks)


class Runner:
    """Runs playbooks in `home`, an empty directory, without the configuration of the user."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._times = home / "times.jsonl"
        self._usage = home / "usage.jsonl"
        self._meter = home / "python-with-meter"
        self._meter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "meter.py"}" "$@"\n')
        self._meter.chmod(0o755)
        (home / "ansible.cfg").touch()

    def environment(self, server: Simulator) -> dict[str, str]:
        """Return the environment of ansible-playbook and of the modules."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(self._home / "ansible.cfg"),
            "ANSIBLE_HOME": str(self._home / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": sys.prefix,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "task_times",
            "BENCHMARK_TASK_TIMES": str(self._times),
            "BENCHMARK_USAGE": str(self._usage),
            "ELASTICSEARCH_URL": server.url,
        }

    def run(self, playbook: list[dict[str, Any]], server: Simulator, *, metered: bool = False) -> Run:
        """Run a playbook against a new server.

        Raises RuntimeError if the playbook fails.
        """
        seconds = self._play(playbook, self.environment(server), self._meter if metered else Path(sys.executable))
        times = _lines(self._times)
        used = _lines(self._usage)
        return Run(
            play=seconds,
            tasks=tuple((line["task"], line["seconds"]) for line in times),
            requests=len(server.requests),
            connections=server.connections,
            most_at_once=server.most_at_once,
            cpu=sum(line["cpu"] for line in used),
            memory=max((line["memory"] for line in used), default=0),
        )

    def modules(self, playbook: list[dict[str, Any]], server: Simulator) -> dict[str, Path]:
        """Run a playbook and return the files that ansible-core sent for its tasks, by module name."""
        sent = self._home / "sent"
        environment = {**self.environment(server), "ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_REMOTE_TMP": str(sent)}
        self._play(playbook, environment, Path(sys.executable))
        return {path.stem.removeprefix("AnsiballZ_"): path for path in sent.glob("*/AnsiballZ_*.py")}

    def _play(self, playbook: list[dict[str, Any]], environment: dict[str, str], interpreter: Path) -> float:
        for path in (self._times, self._usage):
            path.unlink(missing_ok=True)
        file, output = self._home / "play.yml", self._home / "output"
        file.write_text(yaml.safe_dump(playbook, sort_keys=False))
        extra_vars = json.dumps(
            {"ansible_python_interpreter": str(interpreter), "elasticsearch_url": environment["ELASTICSEARCH_URL"]}
        )
        program = Path(sys.executable).with_name("ansible-playbook")
        command: list[str | Path] = [program, "-i", "localhost,", "-e", extra_vars, file]
        with output.open("wb") as out:
            began = time.perf_counter()
            status = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=600, check=False
            ).returncode
            seconds = time.perf_counter() - began
        if status:
            raise RuntimeError(f"ansible-playbook failed with exit status {status}:\n{output.read_text()[-4000:]}")
        return seconds


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]
