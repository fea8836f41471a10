# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that kills itself before its n-th request; C(python -m tests.unit.matrix.killed N), options on stdin."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from tests.unit.support import run_module


def main() -> None:
    left = int(sys.argv[1])
    request = Client.request

    def counted(self: Client, *arguments: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return request(self, *arguments, **options)

    Client.request = counted  # type: ignore[method-assign]
    run_module("anthropic_endpoint", json.load(sys.stdin))


if __name__ == "__main__":
    main()
