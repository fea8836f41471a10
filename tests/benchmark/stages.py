# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the file of a module as Ansible sends it (AnsiballZ), and measure each stage.

`python stages.py FILE` replaces `python FILE` and measures its own process. Time counts for the innermost active stage.
This program imports only what each module imports anyway.
"""

from __future__ import annotations

import builtins
import os
import runpy
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # the import of typing would count for the wrong stage
    from collections.abc import Callable
    from typing import Any

INTERPRETER = "Start Python"
WRAPPER = "Unpack the module and clean up (AnsiballZ)"
CORE = "Import ansible.module_utils"
HTTP = "Import requests or ansible.module_utils.urls"
OWN = "Import the module_utils of the collection"
MODULE = "Run the code of the module"
OPTIONS = "Validate the options (AnsibleModule)"
REQUEST = "Send the request"
RESULT = "Write the result (exit_json)"
EXIT = "Exit Python"
STAGES = (INTERPRETER, WRAPPER, CORE, HTTP, OWN, MODULE, OPTIONS, REQUEST, RESULT, EXIT)

# The first matching prefix determines the stage.
IMPORTS = (
    ("ansible.module_utils.urls", HTTP),
    ("ansible.module_utils", CORE),
    ("ansible_collections", OWN),
    ("requests", HTTP),
    ("urllib3", HTTP),
)

# Functions that are a stage of their own. Each is replaced as soon as its module is imported.
FUNCTIONS = (
    ("ansible.module_utils.basic", "AnsibleModule", "__init__", OPTIONS),
    ("ansible.module_utils.basic", "AnsibleModule", "exit_json", RESULT),
    ("ansible.module_utils.urls", None, "fetch_url", REQUEST),
    ("ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client", "Client", "request", REQUEST),
)


class Clock:
    """A stopwatch that counts seconds by stage."""

    def __init__(self, stage: str) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._stages = [stage]
        self._since = time.perf_counter()

    def enter(self, stage: str) -> None:
        """Begin a stage within the active stage."""
        self._charge()
        self._stages.append(stage)

    def leave(self) -> None:
        """End the active stage and return to the enclosing one."""
        self._charge()
        self._stages.pop()

    def _charge(self) -> None:
        now = time.perf_counter()
        self.seconds[self._stages[-1]] += now - self._since
        self._since = now

    def timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """Return the function, with a stage that is active during each call."""

        def call(*args: Any, **kwargs: Any) -> Any:
            self.enter(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self.leave()

        return call


def _absolute(name: str, namespace: Any = None, _local: Any = None, _names: Any = (), level: int = 0) -> str:
    """Return the absolute name of an import, which can be relative."""
    if not level:
        return name
    package = (namespace or {}).get("__package__") or ""
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([name] if name else [])])


def run(file: str, started: float) -> Clock:
    """Run the file as a program and return the clock. `started`: the time at which the parent started this process."""
    clock = Clock(WRAPPER)
    clock.seconds[INTERPRETER] = time.perf_counter() - started
    pending = list(FUNCTIONS)
    plain_import = builtins.__import__

    def stage_of(name: str) -> str | None:
        return next((stage for prefix, stage in IMPORTS if name == prefix or name.startswith(prefix + ".")), None)

    def replace_functions() -> None:
        for place in [place for place in pending if hasattr(sys.modules.get(place[0]), place[1] or place[2])]:
            pending.remove(place)
            module, of_class, name, stage = place
            owner = getattr(sys.modules[module], of_class) if of_class else sys.modules[module]
            setattr(owner, name, clock.timed(getattr(owner, name), stage))

    def timed_import(name: str, *arguments: Any, **named: Any) -> Any:
        stage = stage_of(_absolute(name, *arguments))
        if stage is None:
            return plain_import(name, *arguments, **named)
        clock.enter(stage)
        try:
            found = plain_import(name, *arguments, **named)
            replace_functions()
            return found
        finally:
            clock.leave()

    builtins.__import__ = timed_import
    runpy.run_module = clock.timed(runpy.run_module, MODULE)
    sys.argv = [file]
    try:
        runpy.run_path(file, run_name="__main__")
    except SystemExit:
        clock.leave()
    return clock


if __name__ == "__main__":
    times = run(sys.argv[1], float(os.environ["BENCHMARK_STARTED"]))
    # On Linux and macOS all processes share this clock.
    print([time.perf_counter(), times.seconds], file=sys.stderr, flush=True)
