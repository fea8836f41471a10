# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of a module that kill themselves before a certain request: `python -m tests.unit.matrix.killed`.

Each line of stdin contains the number of the request and the options, in JSON. The exit code of the run is written to
stdout. Each run is a separate process, forked from one that has imported everything and has no threads.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from tests.unit.support import run_module


def main() -> None:
    for line in sys.stdin:
        number, options = json.loads(line)
        if (child := os.fork()) == 0:
            run(number, options)
            os._exit(0)
        _child, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run(left: int, options: dict[str, Any]) -> None:
    request = Client.request

    def counted(self: Client, *arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return request(self, *arguments, **named)

    Client.request = counted  # type: ignore[method-assign]
    run_module("anthropic_endpoint", options)


if __name__ == "__main__":
    main()
