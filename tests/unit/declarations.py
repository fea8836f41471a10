# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random declarations that conform to an argument spec, for tests of properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

#: Values of each type, at and beyond the limits of the checks.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "str": st.text() | st.sampled_from(["", " ", "a", "https://[", "https://a:b", "{", "Bearer x", "\u200b", "\ud800"]),
    "int": st.integers() | st.integers(-3, 400) | st.sampled_from([10**400, -(10**400)]),
    "float": st.floats(),
    "bool": st.booleans(),
}
VALUES["path"] = VALUES["str"]
VALUES["list"] = st.lists(VALUES["str"], max_size=2)
VALUES["dict"] = st.dictionaries(st.text(max_size=8), VALUES["str"] | VALUES["int"], max_size=2)


def declarations(spec: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return options that conform to a spec, as ansible-core passes them: options that are not set are None."""
    values = {
        name: declarations(option["options"])
        if "options" in option
        else st.sampled_from(option["choices"])
        if "choices" in option
        else VALUES[option["type"]]
        for name, option in spec.items()
    }
    needed = [name for name, option in spec.items() if option.get("required") or option.get("default") is not None]
    return st.fixed_dictionaries(
        {name: value if name in needed else st.none() | value for name, value in values.items()}
    )
