# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.support import DOCUMENTED, message

DECLARED = {"elasticsearch_url": "https://es.example.com:9200", "update_secrets": "when_changed", **DOCUMENTED}


@pytest.mark.parametrize("name", ["", "A", "-a", "a/b", "a,b", "a*", "..", ".", "a b", "_all", "é"])
def test_invalid_index_name_is_rejected(name: str) -> None:
    assert "is not a valid index name" in message(**DECLARED, fingerprint_index=name)


def test_file_store_requires_a_file() -> None:
    assert message(**DECLARED, fingerprint_store="file") == "fingerprint_store=file requires fingerprint_file."


@pytest.mark.parametrize("options", [{"fingerprint_index": "A"}, {"fingerprint_store": "file"}])
def test_options_that_are_not_used_are_not_checked(options: dict[str, Any]) -> None:
    declared = {**DECLARED, "update_secrets": "on_create", "retries": -1}
    assert message(**declared, **options) == "retries must be 0 or more, not -1."
