# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true of one setting of a service. Private to the collection."""

from __future__ import annotations

import math
from typing import Any, Callable, NamedTuple, Sequence, Tuple

#: Major and minor number of a version of Elasticsearch.
Version = Tuple[int, int]


def _nothing(_value: Any) -> str:
    return ""


def _as_it_is(value: Any) -> Any:
    return value


class Setting(NamedTuple):
    """One setting of a service.

    :ivar path: dotted, as in C(service_settings.model_id).
    :ivar type: its type in an argument spec.
    :ivar required: whether a create needs it.
    :ivar secret: whether it is a credential, which no server shows.
    :ivar default: what the server fills in, and shows, where nothing is given.
    :ivar filled_in: whether the server fills in something that no row can tell, such as what the model has.
    :ivar read_only: whether the server shows it, but takes it from nobody.
    :ivar unseen: whether the server takes it, but never shows it, although it is no secret.
    :ivar form: returns what a value means, where servers show it in another form than it was given.
    :ivar changes_since: the first version whose C(_update) changes it; None if only a re-creation does. Of a setting in
        a unit, the unit decides.
    :ivar minimum: the smallest number that is valid.
    :ivar maximum: the largest number that is valid.
    :ivar choices: the texts that are valid; any if empty.
    :ivar task_types: the task types that have the setting; all if empty.
    :ivar check: returns what is wrong with a value, as the rest of a sentence about it; empty if nothing is.
    """

    path: str
    type: str = "str"
    required: bool = False
    secret: bool = False
    default: Any = None
    filled_in: bool = False
    read_only: bool = False
    unseen: bool = False
    changes_since: Version | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: Sequence[str] = ()
    task_types: Sequence[str] = ()
    check: Callable[[Any], str] = _nothing
    form: Callable[[Any], Any] = _as_it_is

    def option(self) -> dict[str, Any]:
        """Its option in an argument spec."""
        choices: dict[str, Any] = {"choices": list(self.choices)} if self.choices else {}
        if self.type == "list":
            choices["elements"] = "raw"
        # Said of each: ansible-core warns of names that look like those of secrets.
        return {"type": self.type, "no_log": self.secret, **choices}

    def problem(self, value: Any) -> str:
        """What is wrong with a value of the right type, as the rest of a sentence about it; empty if nothing is."""
        if self.type == "float" and not math.isfinite(value):
            return f"must be a finite number, not {value}."
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum}, not {value}."
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {self.maximum}, not {value}."
        if (self.required or self.secret) and value in ("", {}):
            return "is empty."
        return self.check(value)
