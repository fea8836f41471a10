# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.simulator import Simulator
from tests.simulator.versions import Version


def test_version_without_patch_number_gets_one() -> None:
    assert Version.parse("9.3") == Version("9.3.0", (9, 3))
    assert Version.parse("8.17.2").number == "8.17.2"


def test_serverless_is_the_latest_version_with_a_dummy_number() -> None:
    version = Version.parse("serverless")

    assert version.number == "8.11.0"
    assert version.minor == (9, 6)
    assert version.compatible_with == (9, 8)


@pytest.mark.parametrize("text", ["", "9", "nine", "9.3-SNAPSHOT", "8.15.0", "7.17"])
def test_invalid_version_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a version|does not have the anthropic service"):
        Simulator(version=text)
