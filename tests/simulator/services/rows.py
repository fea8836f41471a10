# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe a service of the server as data: its settings, its secrets, and how the server processes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Names = tuple[str, ...]
EMBEDS = ("text_embedding", "embedding")
CHATS = ("completion", "chat_completion")
SIMILARITIES = ("cosine", "dot_product", "l2_norm")
#: A validation call fills in the size of the provider's response.
PROVIDER_SIZE = "the size of the provider's embeddings"


class ByTask(dict[str, Any]):
    """A value for each task type that has one."""


@dataclass(frozen=True)
class Setting:
    """One setting of a service.

    `kind`: a name of `readers.READERS`.
    `required`: for all task types, or for those listed. `tasks`: the task types that support the setting; all if empty.
    `filled`: the value that the parser fills in. `measured`: the value that a validation call fills in. With
    `overwrites`, it replaces the value of the request.
    `shown`: "as sent", "upper", "never" or "folded" (see `folds`).
    `updates`: whether `_update` changes it. `null_clears`: whether null in an `_update` removes it. Otherwise, null has
    no effect. `merges`: an `_update` adds to the stored map.
    `given`: False for a value that a request may not contain.
    `sensitive`: the value in `GET _services`, whether the setting is shown or not.
    `fields`: the settings in an object. `parser`: the name of the nested parser in an error.
    """

    name: str
    kind: str = "text"
    required: bool | Names = False
    tasks: Names = ()
    choices: Names = ()
    low: float | None = None
    high: float | None = None
    filled: Any = None
    measured: Any = None
    overwrites: bool = False
    shown: str = "as sent"
    folds: tuple[tuple[str, str], ...] = ()
    updates: bool = False
    null_clears: bool = False
    merges: bool = False
    given: bool = True
    sensitive: bool = False
    fields: tuple[Setting, ...] = ()
    parser: str = ""

    def serves(self, task_type: str) -> bool:
        """Return whether the setting exists for a task type."""
        return not self.tasks or task_type in self.tasks

    def required_for(self, task_type: str) -> bool:
        """Return whether a create requires the setting."""
        return self.required if isinstance(self.required, bool) else task_type in self.required

    def default(self, task_type: str) -> Any:
        """Return the value that the parser fills in, None if it fills in nothing."""
        return self.filled.get(task_type) if isinstance(self.filled, ByTask) else self.filled


@dataclass(frozen=True)
class Service:
    """One service.

    `credentials`: the alternatives, each a set of names that must be set together. `secret_optional`: whether an
    endpoint can have none of them.
    `limit`: the default of `rate_limit`, or None if the service has no such setting. `chunking`: the task types that
    support `chunking_settings`. `strict`: an `ObjectParser` reads the service settings in 9.6 or later.
    `keeps_empty_limit`: `rate_limit: {}` in an `_update` of a strict service changes nothing.
    `refused`: settings that are rejected by name (`ServiceUtils.invalidSettingError`).
    `secrets_on_update`: whether the strict parser of an `_update` accepts secrets. For a while in 2026, some did not.
    `in_cluster`: the model runs in the cluster. `listed`: whether `GET _services` lists the service.
    """

    name: str
    title: str
    since: tuple[int, int]
    tasks: Names
    settings: tuple[Setting, ...]
    task_settings: tuple[Setting, ...] = ()
    credentials: tuple[Names, ...] = (("api_key",),)
    secret_optional: bool = False
    model: str | None = "model_id"
    limit: int | ByTask | None = None
    chunking: Names = ()
    default_chunking: bool = True
    drops_chunking: bool = False
    strict: bool = False
    keeps_empty_limit: bool = False
    replaces_task_settings: bool = False
    refused: Names = ()
    secrets_on_update: bool = True
    in_cluster: bool = False
    listed: bool = True

    def of(self, task_type: str) -> tuple[Setting, ...]:
        """Return the service settings of a task type."""
        return tuple(setting for setting in self.settings if setting.serves(task_type))

    def task_settings_of(self, task_type: str) -> tuple[Setting, ...]:
        """Return the task settings of a task type."""
        return tuple(setting for setting in self.task_settings if setting.serves(task_type))

    def default_limit(self, task_type: str) -> int | None:
        """Return the default number of requests per minute, None if the service has no rate limit."""
        return self.limit.get(task_type) if isinstance(self.limit, ByTask) else self.limit

    @property
    def secret_names(self) -> Names:
        """Return the names of all secrets."""
        return tuple(dict.fromkeys(name for names in self.credentials for name in names))


def similarity(fill: str | None = None, **more: Any) -> Setting:
    """Return the row of `similarity`. `fill`: the value that a validation call fills in."""
    return Setting("similarity", "choice", **{"tasks": EMBEDS, "choices": SIMILARITIES, "measured": fill, **more})


def dimensions(**more: Any) -> Setting:
    """Return the row of `dimensions`. With `overwrites`, the server does not request this size from the provider."""
    return Setting("dimensions", "positive", **{"tasks": EMBEDS, "measured": PROVIDER_SIZE, **more})


def max_input_tokens(**more: Any) -> Setting:
    """Return the row of `max_input_tokens`."""
    return Setting("max_input_tokens", "positive", **{"tasks": EMBEDS, "updates": True, **more})


def required(name: str, **more: Any) -> Setting:
    """Return the row of a required string."""
    return Setting(name, required=True, **more)
