# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the modules with each supported Python to which this ansible-core can send modules."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible.release import __version__ as ansible_version
from ansible_test._internal.constants import SUPPORTED_PYTHON_VERSIONS

from tests.conformance.pythons import SUPPORTED, Environment
from tests.integration.everything import play_everything

AGE = os.environ["REQUESTS_AGE"]
PYTHONS = [python for python in SUPPORTED["pythons"] if python in SUPPORTED_PYTHON_VERSIONS]


@pytest.mark.parametrize("python", PYTHONS)
def test_modules_run_on(python: str, tmp_path: Path) -> None:
    environment = Environment(python, AGE)
    witness = tmp_path / "witness"
    interpreter = {"ansible_python_interpreter": str(environment.interpreter)}
    # Python loads only one sitecustomize. Use that of the environment, which writes the witness file.
    modules = play_everything(tmp_path, variables=interpreter, WITNESS_PATH=str(witness), PYTHONPATH="")
    ran = [json.loads(line) for line in witness.read_text().splitlines()]
    assert ran == [environment.versions()] * len(modules)


def test_ansible_core_has_the_requested_version() -> None:
    assert ansible_version.startswith(f"{os.environ['ANSIBLE_CORE']}.")


def test_oldest_requests_has_the_documented_version() -> None:
    assert Environment(PYTHONS[0], "oldest").versions()["requests"] == SUPPORTED["requests"]
