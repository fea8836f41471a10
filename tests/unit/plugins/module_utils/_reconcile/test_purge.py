# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selection of the endpoints that a purge deletes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import Refused
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Purge
from ansible_collections.esops.inference.plugins.module_utils._reconcile.purge import plan_purge
from tests.unit.reconciling import wanted


def removed(
    held: Sequence[str],
    declared: Sequence[str] = ("a",),
    exclude: Sequence[str] = (),
    limit: int | None = None,
    foreign: Sequence[str] = (),
) -> list[str]:
    existing = [Endpoint(name, "completion", "anthropic", {}) for name in held]
    existing += [Endpoint(name, "completion", "openai", {}) for name in foreign]
    to_delete = plan_purge([wanted(name) for name in declared], existing, ["anthropic"], Purge(exclude, limit))
    assert all(desired.state == "absent" for desired in to_delete)
    return [desired.inference_id for desired in to_delete]


def test_undeclared_endpoints_are_deleted_in_order() -> None:
    assert removed(["c", "a", "b"]) == ["b", "c"]


def test_endpoint_that_is_declared_as_absent_is_not_deleted_twice() -> None:
    existing = [Endpoint("a", "completion", "anthropic", {})]
    assert plan_purge([wanted("a", "absent")], existing, ["anthropic"], Purge()) == []


def test_endpoints_of_other_services_are_kept() -> None:
    assert removed(["a", "b"], foreign=["c", "d"]) == ["b"]


def test_built_in_endpoints_are_kept_and_not_counted() -> None:
    built_in = [f".builtin-{number}" for number in range(20)]
    assert removed(["a", "b", *built_in]) == ["b"]
    with pytest.raises(Refused, match="of the 7 endpoints"):
        removed(["a", *"bcdefg", *built_in])


def test_temporary_endpoint_is_kept_if_its_endpoint_is_declared() -> None:
    assert removed(["a", "a-ansible-preflight", "b-ansible-preflight"]) == ["b-ansible-preflight"]


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [
        (["b"], ["b2", "c"]),
        (["b*"], ["c"]),
        (["?"], ["b2"]),
        (["B*"], ["b", "b2", "c"]),
        (["x", "[bc]*"], []),
    ],
)
def test_ids_that_match_an_excluded_pattern_are_kept(exclude: list[str], expected: list[str]) -> None:
    assert removed(["a", "b", "b2", "c"], exclude=exclude) == expected


@pytest.mark.parametrize(
    ("held", "declared", "limit", "is_allowed"),
    [
        (5, 0, None, True),
        (6, 0, None, False),
        (12, 6, None, True),
        (12, 5, None, False),
        (5, 0, 5, True),
        (5, 0, 4, False),
        (1, 0, 0, False),
        (1, 1, 0, True),
        (12, 0, 12, True),
    ],
)
def test_five_or_half_of_all_may_be_deleted_unless_a_limit_is_set(
    held: int, declared: int, limit: int | None, is_allowed: bool
) -> None:
    names = [f"e{number:02}" for number in range(held)]
    if is_allowed:
        assert removed(names, names[:declared], limit=limit) == names[declared:]
        return
    with pytest.raises(Refused):
        removed(names, names[:declared], limit=limit)


def test_refusal_names_the_endpoints_and_the_solutions() -> None:
    with pytest.raises(Refused) as refused:
        removed(["a", "b", "c"], limit=1)
    assert str(refused.value) == (
        "The purge would delete 2 of the 3 endpoints of the service anthropic, which is more than the limit of 1. "
        "The endpoints to delete are b and c. Nothing was changed. "
        "Hint: add the endpoints to keep to the list or to purge_exclude, or set purge_max=2."
    )
