# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the wrapper of ansible-test sanity: it fails if ansible-test skips a check."""

from __future__ import annotations

import pytest

from tests.artifact import ROOT
from tests.sanity.run import SKIPPED, commands, is_gap

NO_PYTHON = 'WARNING: Skipping sanity test "import" on Python 3.9 because it could not be found.'


@pytest.mark.parametrize(
    ("warning", "expected"),
    [
        (NO_PYTHON, True),
        (NO_PYTHON.replace("3.9", "3.14"), False),
        ('WARNING: Required program "shellcheck" not found.', True),
        ('WARNING: Skipping sanity test "import" on Python 3.14 due to missing virtual environment support.', True),
        ("WARNING: Skipping tests disabled by default without --allow-disabled: compile", True),
        ('WARNING: Using locale "C.UTF-8" instead of "en_US.UTF-8".', False),
    ],
)
def test_warning_about_skipped_check_is_a_gap(warning: str, expected: bool) -> None:
    assert is_gap(warning, ["3.8", "3.9"]) is expected


def test_missing_python_is_not_a_gap_without_every_python() -> None:
    assert not is_gap(NO_PYTHON, [])


def test_every_python_skips_no_check() -> None:
    assert commands([], ["3.9", "3.13"], every_python=True) == [["--venv"]]


def test_arguments_are_passed_to_ansible_test() -> None:
    assert commands(["--test", "pep8"], ["3.9", "3.13"], every_python=False) == [["--venv", "--test", "pep8"]]


def test_modules_are_imported_with_the_oldest_python() -> None:
    rest, imports = commands([], ["3.9", "3.10", "3.13"], every_python=False)
    assert rest == [part for name in SKIPPED for part in ("--skip-test", name)]
    assert imports == ["--test", "compile", "--test", "import", "--python", "3.9"]


def test_collection_has_no_action_plugins() -> None:
    """With one, `make test` must not skip action-plugin-docs."""
    assert not (ROOT / "plugins/action").exists()
