# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask the demo's server itself, without Ansible, what it holds and what it was asked.

python server.py show ID          prints the endpoint
python server.py forget           forgets the requests so far
python server.py requests LINE …  prints the requests since; fails unless they are these
python server.py ids [ID …]       prints the ids of the anthropic endpoints; fails unless they are these
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from typing import Any


def ask(path: str, method: str = "GET") -> Any:
    """Return the JSON of the answer. Raises HTTPError."""
    request = urllib.request.Request(os.environ["ELASTICSEARCH_URL"] + path, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def show(inference_id: str) -> None:
    """Print one endpoint."""
    path = f"/_inference/{inference_id}"
    print(f"The server's own answer to GET {path}:")
    print(json.dumps(ask(path)["endpoints"][0], indent=2))


def forget() -> None:
    """Forget the requests so far."""
    ask("/_simulator/requests", "DELETE")


def requests(*expected: str) -> None:
    """Print the requests, each on a line."""
    compare("The requests that reached the server", ask("/_simulator/requests")["requests"], expected)


def ids(*expected: str) -> None:
    """Print the ids of all anthropic endpoints."""
    endpoints = ask("/_inference/_all")["endpoints"]
    found = [endpoint["inference_id"] for endpoint in endpoints if endpoint["service"] == "anthropic"]
    compare("The anthropic endpoints that the server holds", found, expected)


def compare(title: str, found: list[str], expected: tuple[str, ...]) -> None:
    """Print what was found, and end with an error if it is something else."""
    print(f"{title}:", *(found or ["none"]), sep="\n  ")
    if found != list(expected):
        sys.exit(f"The demo failed: expected {list(expected)}.")


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    {"show": show, "forget": forget, "requests": requests, "ids": ids}[name](*arguments)
