# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page "Environment variables" lists the variables that the documentation of the modules names."""

from __future__ import annotations

import re

import pytest

from tests.integration.guides import GUIDES
from tests.pages.modules import MODULES, environment_variable, options_of

PAGE = (GUIDES / "environment_variables.rst").read_text(encoding="utf-8")
#: Each variable of an option, with the option and its meaning.
LISTED = {
    variable: (option, meaning)
    for variable, option, meaning in re.findall(
        r"^\.\. envvar:: (\w+)\n\n   Option ``(\w+)``\. (\S.*)$", PAGE, re.MULTILINE
    )
}


@pytest.mark.parametrize("module", MODULES)
def test_page_lists_the_variables_of_each_module(module: str) -> None:
    documented = {environment_variable(option): name for name, option in options_of(module).items()}
    documented.pop(None, None)
    assert documented == {variable: option for variable, (option, _meaning) in LISTED.items()}


def test_each_entry_is_an_option_or_a_variable_of_requests() -> None:
    listed = re.findall(r"^\.\. envvar:: (\w+)$", PAGE, re.MULTILINE)
    others = {"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
    assert len(listed) == len(set(listed))
    assert set(listed) == {*LISTED, *others}
