# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the claims on the page "Comparison with uri and Terraform" that can be checked here."""

from __future__ import annotations

import inspect
import re

import pytest
import yaml
from ansible.modules import uri

from tests.artifact import ROOT

TEXT = (ROOT / "docs/docsite/rst/comparison.rst").read_text(encoding="utf-8")
CITED = re.findall(r"tests/[\w/.]+\.(?:py|yml)", TEXT)


def test_page_cites_tests() -> None:
    assert len(CITED) >= 10


@pytest.mark.parametrize("path", CITED)
def test_cited_test_exists(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("mode", ["check_mode", "diff_mode"])
def test_uri_does_not_support_mode(mode: str) -> None:
    assert yaml.safe_load(uri.DOCUMENTATION)["attributes"][mode]["support"] == "none"


@pytest.mark.parametrize("option", ["body", "headers"])
def test_uri_does_not_hide_option(option: str) -> None:
    [spec] = re.findall(rf"\b{option}=dict\(([^)]*)\)", inspect.getsource(uri.main))
    assert "no_log" not in spec


def test_uri_reports_no_change() -> None:
    assert "resp['changed'] = False" in inspect.getsource(uri.main)
