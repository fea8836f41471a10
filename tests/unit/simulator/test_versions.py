# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.simulator import Simulator
from tests.simulator.versions import Version


def test_a_version_of_two_parts_gets_a_patch_number() -> None:
    assert Version.parse("9.3") == Version("9.3.0", (9, 3))
    assert Version.parse("8.17.2").number == "8.17.2"


def test_serverless_is_the_newest_with_a_dummy_number() -> None:
    version = Version.parse("serverless")

    assert version.number == "8.11.0"
    assert version.minor == (9, 6)
    assert version.compatible_with == (9, 8)


@pytest.mark.parametrize("text", ["", "9", "nine", "9.3-SNAPSHOT", "8.15.0", "7.17"])
def test_what_is_no_version_of_the_service_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a version|does not have the anthropic service"):
        Simulator(version=text)
