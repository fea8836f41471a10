# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Query the server of the demo directly, without Ansible.

python server.py show ID          prints the endpoint
python server.py clear            clears the log of requests
python server.py requests LINE …  prints the log of requests; fails if it differs from the arguments
python server.py ids [ID …]       prints the IDs of the anthropic endpoints; fails if they differ from the arguments
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from typing import Any


def send(path: str, method: str = "GET") -> Any:
    """Send a request and return the JSON of the response. Raises HTTPError."""
    request = urllib.request.Request(os.environ["ELASTICSEARCH_URL"] + path, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def show(inference_id: str) -> None:
    """Print one endpoint."""
    path = f"/_inference/{inference_id}"
    print(f"Response of the server to GET {path}:")
    print(json.dumps(send(path)["endpoints"][0], indent=2))


def clear() -> None:
    """Clear the log of requests."""
    send("/_simulator/requests", "DELETE")


def requests(*expected: str) -> None:
    """Print the log of requests, one per line."""
    compare("Requests that reached the server", send("/_simulator/requests")["requests"], expected)


def ids(*expected: str) -> None:
    """Print the IDs of all anthropic endpoints."""
    endpoints = send("/_inference/_all")["endpoints"]
    found = [endpoint["inference_id"] for endpoint in endpoints if endpoint["service"] == "anthropic"]
    compare("Anthropic endpoints on the server", found, expected)


def compare(title: str, found: list[str], expected: tuple[str, ...]) -> None:
    """Print the lines, and exit with an error if they differ from the expected ones."""
    print(f"{title}:", *(found or ["none"]), sep="\n  ")
    if found != list(expected):
        sys.exit(f"The demo failed: expected {list(expected)}.")


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    {"show": show, "clear": clear, "requests": requests, "ids": ids}[name](*arguments)
