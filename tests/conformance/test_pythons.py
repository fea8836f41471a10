# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules work on each Python that is supported and that this ansible-core sends modules to."""

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
    # Python starts one sitecustomize: here that of the environment, which writes the witness.
    modules = play_everything(tmp_path, variables=interpreter, WITNESS_PATH=str(witness), PYTHONPATH="")
    ran = [json.loads(line) for line in witness.read_text().splitlines()]
    assert ran == [environment.versions()] * len(modules)


def test_this_is_the_ansible_core_that_is_meant() -> None:
    assert ansible_version.startswith(f"{os.environ['ANSIBLE_CORE']}.")


def test_oldest_requests_is_the_one_that_is_promised() -> None:
    assert Environment(PYTHONS[0], "oldest").versions()["requests"] == SUPPORTED["requests"]
