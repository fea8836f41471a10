# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that ansible-test leaves out passes silently."""

from __future__ import annotations

import pytest

from tests.sanity.run import is_gap

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
def test_gaps_are_found(warning: str, expected: bool) -> None:
    assert is_gap(warning, ["3.8", "3.9"]) is expected


def test_without_a_list_a_python_may_be_missing() -> None:
    assert not is_gap(NO_PYTHON, [])
