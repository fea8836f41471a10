# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Description of a setting of a service. Private to the collection."""

from __future__ import annotations

import math
from typing import Any, Callable, NamedTuple, Sequence, Tuple

#: Major and minor version of Elasticsearch.
Version = Tuple[int, int]

#: The validation error for a required setting or a secret without a value.
EMPTY = "is empty. Hint: check the variable or the lookup that sets it."


def _no_text(_value: Any) -> str:
    return ""


def _unchanged(value: Any) -> Any:
    return value


class Setting(NamedTuple):
    """One setting of a service.

    :ivar path: dotted path, as in C(service_settings.model_id).
    :ivar type: type in an argument spec.
    :ivar required: whether a create requires the setting.
    :ivar secret: whether the setting is a credential, which Elasticsearch never returns.
    :ivar default: default value that Elasticsearch sets and returns.
    :ivar computed: whether Elasticsearch sets a default value that is not fixed, for example one of the model.
    :ivar read_only: whether Elasticsearch returns the setting, but does not accept it.
    :ivar write_only: whether Elasticsearch accepts the setting, but never returns it, although it is not a secret.
    :ivar normalize: normalizes a value, if Elasticsearch returns it in another form.
    :ivar changes_since: the first version whose C(_update) can update the setting, or None if no version can. For
        settings in a unit, the version of the unit applies.
    :ivar minimum: smallest valid number.
    :ivar maximum: largest valid number.
    :ivar choices: valid strings, or an empty list for any string.
    :ivar task_types: task types that have the setting, or an empty list for all.
    :ivar check: returns a validation error as the rest of a sentence about the setting, or an empty string.
    """

    path: str
    type: str = "str"
    required: bool = False
    secret: bool = False
    default: Any = None
    computed: bool = False
    read_only: bool = False
    write_only: bool = False
    changes_since: Version | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: Sequence[str] = ()
    task_types: Sequence[str] = ()
    check: Callable[[Any], str] = _no_text
    normalize: Callable[[Any], Any] = _unchanged

    def option(self) -> dict[str, Any]:
        """Return the option for an argument spec."""
        choices: dict[str, Any] = {"choices": list(self.choices)} if self.choices else {}
        if self.type == "list":
            choices["elements"] = "raw"
        # Set explicitly, because ansible-core warns about names that look like secrets.
        return {"type": self.type, "no_log": self.secret, **choices}

    def validate(self, value: Any) -> str:
        """Return a validation error for a value of the right type, as the rest of a sentence, or an empty string."""
        if self.type == "float" and not math.isfinite(value):
            return f"must be a finite number, not {value}."
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum}, not {value}."
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {self.maximum}, not {value}."
        if (self.required or self.secret) and value in ("", {}):
            return EMPTY
        return self.check(value)
