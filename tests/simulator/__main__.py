# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the simulator. It runs until a signal arrives, or as long as another command runs."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from queue import SimpleQueue

from . import OnIndices, Security, Simulator, Tls

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.02
Signals = SimpleQueue[int]
EVERYTHING = ("all", OnIndices(("*",), ("all",)))
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit status."""
    own, command = _split(arguments)
    options = _parser().parse_args(own)
    received = _receive_signals()
    try:
        simulator = _simulator(options)
        simulator.start()
    except (ValueError, OSError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    try:
        if options.port_file:
            _write_whole(Path(options.port_file), f"{simulator.port}\n")
        return _run(command, simulator.url, received) if command else _serve(simulator, received)
    finally:
        simulator.stop()


def _receive_signals() -> Signals:
    """Put signals that would end this process into a queue from now on."""
    received: Signals = SimpleQueue()
    for number in STOPPING:
        signal.signal(number, lambda number, _frame: received.put(number))
    return received


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    middle = arguments.index("--")
    return arguments[:middle], arguments[middle + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator",
        description="Simulate Elasticsearch's inference API.",
        epilog="With -- COMMAND, run the command with ELASTICSEARCH_URL set, and exit with its status.",
    )
    parser.add_argument("--version", default="9.6.0", help='"8.16" to "9.6" (default), or "serverless"')
    parser.add_argument("--port", type=int, default=0, help="port to listen on; default: a free port")
    parser.add_argument("--user", action="append", default=[], metavar="NAME:PASSWORD", help="user with all privileges")
    parser.add_argument(
        "--api-key", action="append", default=[], metavar="ID:SECRET", help="API key with all privileges"
    )
    parser.add_argument("--delay", type=float, default=0.0, help="seconds of each call to the provider")
    parser.add_argument("--certificate", help="PEM file of the server certificate, to serve https")
    parser.add_argument("--key", help="PEM file of the private key")
    parser.add_argument("--refuse-key", action="append", default=[], help="API key that the provider rejects")
    parser.add_argument("--refuse-model", action="append", default=[], help="model that the provider rejects")
    parser.add_argument(
        "--skip-validate-and-start",
        action="store_true",
        help="create endpoints without a call to the provider (cluster setting)",
    )
    parser.add_argument("--port-file", help="file to which to write the port when the simulator listens")
    return parser


def _simulator(options: argparse.Namespace) -> Simulator:
    if bool(options.certificate) != bool(options.key):
        raise ValueError("--certificate and --key must be set together")
    return Simulator(
        version=options.version,
        security=_security(options.user, options.api_key),
        tls=Tls(options.certificate, options.key) if options.certificate else None,
        delay=options.delay,
        refused_keys=options.refuse_key,
        refused_models=options.refuse_model,
        skip_validate_and_start=options.skip_validate_and_start,
        port=options.port,
    )


def _security(users: list[str], api_keys: list[str]) -> Security | None:
    if not users and not api_keys:
        return None
    if not all(":" in credential for credential in [*users, *api_keys]):
        raise ValueError("--user requires NAME:PASSWORD, --api-key requires ID:SECRET")
    pairs = [user.split(":", 1) for user in users]
    return Security(
        users={name: (password, EVERYTHING) for name, password in pairs},
        api_keys=dict.fromkeys(api_keys, EVERYTHING),
    )


def _write_whole(path: Path, text: str) -> None:
    """Write the file atomically, so that a reader never sees a part of it."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _serve(simulator: Simulator, received: Signals) -> int:
    name = simulator.version.name
    print(f"Listening on {simulator.url} (Elasticsearch {name})", flush=True)
    received.get()
    return 0


def _run(command: list[str], url: str, received: Signals) -> int:
    """Run the command in its own process group, and end the whole group afterwards."""
    environment = {**os.environ, "ELASTICSEARCH_URL": url}
    try:
        child = subprocess.Popen(command, env=environment, start_new_session=True)
    except OSError as error:
        print(f"simulator: {command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    try:
        status = _wait(child, received)
    finally:
        _signal_group(child.pid, signal.SIGKILL)
    return status if status >= 0 else 128 - status


def _wait(child: subprocess.Popen[bytes], received: Signals) -> int:
    """Wait for the end of the command and forward signals. Kill the command if it does not react to them."""
    deadline = math.inf
    while (status := child.poll()) is None:
        time.sleep(POLL_SECONDS)
        while not received.empty():
            _signal_group(child.pid, received.get())
            deadline = min(deadline, time.monotonic() + GRACE_SECONDS)
        if time.monotonic() > deadline:
            _signal_group(child.pid, signal.SIGKILL)
    return status


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
