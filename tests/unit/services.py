# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fictional services that use every field of rows, for tests of everything that is derived from rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.esops.inference.plugins.module_utils._services.service import Service
from ansible_collections.esops.inference.plugins.module_utils._services.setting import Setting

API_KEY = "service_settings.api_key"
ACCESS_KEY = "service_settings.access_key"
SECRET_KEY = "service_settings.secret_key"
MODEL = "service_settings.model"
RATE = "service_settings.rate"
DIMENSIONS = "service_settings.dimensions"
BATCH = "service_settings.batch"
ADAPTIVE = "service_settings.scaling.adaptive"
MOST = "service_settings.scaling.most"
INPUT = "task_settings.input"
USER = "task_settings.user"
WEIGHT = "task_settings.weight"
ADDRESS = "service_settings.address"
HEADERS = "service_settings.headers"
KEYS = "service_settings.keys"
MEASURED = "service_settings.measured"


def _model_problem(model: str) -> str:
    return "must not be old." if model == "old" else ""


def _dependent_problems(settings: Mapping[str, Any]) -> list[str]:
    return ["input and weight are mutually exclusive."] if INPUT in settings and WEIGHT in settings else []


def _advice(settings: Mapping[str, Any]) -> list[str]:
    return ["input and user are a strange pair."] if INPUT in settings and USER in settings else []


def _lower(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    return {path: value.lower() if path == MODEL else value for path, value in settings.items()}


def _explain(words: str) -> str:
    return "use a newer model." if "old" in words else ""


#: A service with alternative credentials, an additional unit, and settings and defaults of single task types.
ACME = Service(
    name="acme",
    task_types=("rerank", "text_embedding"),
    settings=(
        Setting(API_KEY, secret=True, changes_since=(8, 17)),
        Setting(ACCESS_KEY, secret=True, changes_since=(8, 17)),
        Setting(SECRET_KEY, secret=True, changes_since=(8, 17)),
        Setting(MODEL, required=True, check=_model_problem),
        Setting(RATE, "int", default=10, changes_since=(9, 4), minimum=1),
        Setting(DIMENSIONS, "int", required=True, task_types=("text_embedding",)),
        Setting(BATCH, "int", default=5, changes_since=(8, 17), task_types=("text_embedding",)),
        Setting(ADAPTIVE, "bool"),
        Setting(MOST, "int"),
        Setting(INPUT, choices=("query", "document")),
        Setting(USER),
        Setting(WEIGHT, "float", minimum=0.5),
    ),
    model=MODEL,
    default_task_type="rerank",
    credentials=((API_KEY,), (ACCESS_KEY, SECRET_KEY)),
    units={"task_settings": (8, 17), "service_settings.scaling": (9, 0)},
    secrets_optional_since=(9, 5),
    updates_validated_since=(9, 4),
    normalize_settings=_lower,
    check=_dependent_problems,
    advise=_advice,
    explain=_explain,
)

#: A service without credentials, like those that run in the cluster.
LOCAL = ACME._replace(
    name="local", settings=tuple(setting for setting in ACME.settings if not setting.secret), credentials=()
)

#: A service with computed, normalized, write-only, and merged settings.
SHY = ACME._replace(
    name="shy",
    settings=(
        Setting(KEYS, "dict", secret=True, changes_since=(8, 17)),
        Setting(MODEL, required=True, normalize=str.lower),
        Setting(RATE, "int", changes_since=(8, 17)),
        Setting(DIMENSIONS, "int", computed=True),
        Setting(MEASURED, "int", read_only=True),
        Setting(ADDRESS, write_only=True),
        Setting(HEADERS, "dict", changes_since=(8, 17)),
        Setting(ADAPTIVE, "bool", changes_since=(8, 17)),
        Setting(MOST, "int", changes_since=(8, 17)),
        Setting(INPUT),
        Setting(USER),
    ),
    credentials=((KEYS,), ()),
    merges_task_settings=True,
    self_adjusting=lambda settings: (MOST,) if settings.get(ADAPTIVE) else (),
    units={"task_settings": (8, 17)},
    normalize_settings=lambda settings: settings,
)
