# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of `python -m tests.simulator`, without and with another command."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "tests.simulator"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)


@contextlib.contextmanager
def started(*arguments: str, command: Sequence[str] = tuple(COMMAND)) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def python(code: str) -> list[str]:
    return ["--", sys.executable, "-c", code]


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_simulator_without_command_runs_until_a_signal(number: int, tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    with started("--version", "9.3", "--port-file", str(port_file)) as process:
        said = re.fullmatch(r"Listening on (http://127\.0\.0\.1:(\d+)) \(Elasticsearch 9\.3\.0\)\n", line(process))
        assert said
        assert port_file.read_text() == f"{said[2]}\n"
        with urllib.request.urlopen(said[1], timeout=5) as response:
            assert b'"number":"9.3.0"' in response.read()
        process.send_signal(number)

        assert process.wait(10) == 0
        assert line(process) == ""


def test_simulator_of_serverless_prints_its_version() -> None:
    with started("--version", "serverless") as process:
        assert line(process).endswith(" (Elasticsearch serverless)\n")


@pytest.mark.parametrize("status", [0, 3])
def test_simulator_with_command_exits_with_the_status_of_the_command(status: int) -> None:
    code = (
        "import os, sys, urllib.request; "
        "print(urllib.request.urlopen(os.environ['ELASTICSEARCH_URL']).read().decode()); "
        f"sys.exit({status})"
    )
    ended = run("--version", "8.17", *python(code))

    assert ended.returncode == status
    assert '"number":"8.17.0"' in ended.stdout
    assert ended.stderr == ""


def test_options_after_the_separator_belong_to_the_command() -> None:
    ended = run("--", sys.executable, "-c", "import sys; print(sys.argv[1:])", "--version", "x", "--")

    assert ended.stdout == "['--version', 'x', '--']\n"


def test_killed_command_sets_the_exit_status_of_its_signal() -> None:
    assert run(*python("import os; os.kill(os.getpid(), 9)")).returncode == 128 + 9


def test_missing_command_exits_with_127() -> None:
    ended = run("--", "no-such-command-anywhere")

    assert ended.returncode == 127
    assert ended.stderr == "simulator: no-such-command-anywhere: No such file or directory\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_simulator_and_command(number: int) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with started(*python(code)) as process:
        child = int(line(process))
        process.send_signal(number)

        assert process.wait(10) != 0
        assert gone(child)


def test_command_that_ignores_signals_is_killed() -> None:
    code = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print(os.getpid(), flush=True); time.sleep(60)"
    )
    impatient = (
        "import sys, tests.simulator.__main__ as command; "
        "command.GRACE_SECONDS = 0.2; sys.exit(command.main(sys.argv[1:]))"
    )
    with started(*python(code), command=[sys.executable, "-c", impatient]) as process:
        child = int(line(process))
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 128 + signal.SIGKILL
        assert gone(child)


def test_processes_of_the_command_are_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import pathlib, subprocess, sys; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid))"
    )

    assert run(*python(code)).returncode == 0
    assert gone(int(note.read_text()))


def test_options_configure_the_simulator() -> None:
    with started("--user", "u:p:w", "--api-key", "id:secret", "--port", "0") as process:
        url = line(process).split()[2]
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url, timeout=5)
        caught.value.close()
        assert caught.value.code == 401
        for credentials in ("Basic dTpwOnc=", "ApiKey aWQ6c2VjcmV0"):
            asked = urllib.request.Request(url, headers={"Authorization": credentials})
            with urllib.request.urlopen(asked, timeout=5) as response:
                assert response.status == 200


@pytest.mark.parametrize(
    ("option", "words"), [("--refuse-key=k", "invalid x-api-key"), ("--refuse-model=m", "model: m")]
)
def test_rejected_keys_and_models_are_options(option: str, words: str) -> None:
    code = (
        "import os, urllib.error, urllib.request as u\n"
        'body = b\'{"service": "anthropic", "service_settings": {"api_key": "k", "model_id": "m"},'
        ' "task_settings": {"max_tokens": 1}}\'\n'
        "url = os.environ['ELASTICSEARCH_URL'] + '/_inference/completion/x'\n"
        "headers = {'Content-Type': 'application/json'}\n"
        "try:\n    u.urlopen(u.Request(url, body, headers, method='PUT'))\n"
        "except urllib.error.HTTPError as error:\n    print(error.read().decode())"
    )

    assert words in run(option, *python(code)).stdout


def test_skip_validate_and_start_option_sets_the_cluster_setting() -> None:
    code = (
        "import os, urllib.request as u\n"
        "print(u.urlopen(os.environ['ELASTICSEARCH_URL'] + '/_cluster/settings?flat_settings').read().decode())"
    )
    expected = '{"persistent":{"xpack.inference.skip_validate_and_start":"true"},"transient":{}}\n'

    assert run("--skip-validate-and-start", *python(code)).stdout == expected


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--version", "7.17"], "does not have the anthropic service"),
        (["--user", "nopassword"], "--user requires NAME:PASSWORD"),
        (["--certificate", "x"], "--certificate and --key must be set together"),
        (["--certificate", "/none", "--key", "/none"], "No such file"),
        (["--nonsense"], "unrecognized arguments"),
    ],
)
def test_invalid_options_exit_with_2_and_a_message(arguments: list[str], words: str) -> None:
    ended = run(*arguments)

    assert ended.returncode == 2
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
