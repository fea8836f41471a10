# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AnsibleModule with stricter checks of options and stricter hiding of secrets. Private to the collection."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any, Callable, Iterable, Iterator, Mapping, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import set_fallbacks

from .._elasticsearch.keys import find_secret_headers
from .._elasticsearch.redaction import Redactor
from .._elasticsearch.text import join_few, join_messages
from .connection_options import stringify_keys
from .raw_options import find_invalid_options, parse_structures, remove_nulls
from .secret_options import find_secret_options, scalar_values

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:
    # Before 2.22, ansible-core hides only C(no_log_values).
    def register_secrets(values: Iterable[str], /) -> None:
        """Do nothing."""


#: Function that finds secrets in free-form options.
Secrets = Callable[[Mapping[str, Any]], Iterable[Tuple[str, str]]]

#: Parts of a result that contain messages, not data.
_MESSAGES = ("msg", "failure")


class CheckedModule(AnsibleModule):  # type: ignore[misc]  # ansible-core has no types
    """AnsibleModule that returns and logs its options only after C(accept) was called.

    ansible-core hides secrets only in the options that the argument spec marks as secret. While an option has a wrong
    type, name, or value, any part of the options can contain a secret.

    :ivar raw_params: the options before ansible-core converts them.
    :ivar problems: errors about types that ansible-core accepts, as sentences.
    """

    params: dict[str, Any]
    raw_params: dict[str, Any]
    problems: list[str]
    _is_accepted = False

    def __init__(self, more_secrets: Secrets, **arguments: Any) -> None:
        """
        :param more_secrets: returns the places and values of secrets that the argument spec does not mark.
        """
        self._more_secrets = more_secrets
        super().__init__(**arguments)

    def accept(self) -> None:
        """Allow the options in the result and in the system log, because they are valid."""
        self._is_accepted = True
        if not self.no_log:
            self._log_invocation()

    def _load_params(self) -> None:
        super()._load_params()
        given = remove_nulls(self.argument_spec, self.params)
        set_fallbacks(self.argument_spec, given)
        self.params = stringify_keys(parse_structures(self.argument_spec, given))
        self.raw_params = dict(self.params)
        self._hide(secret for _name, secret in find_secret_headers(self.params.get("headers")))
        self._hide(secret for _place, secret in self._more_secrets(self.params))
        wrong = list(find_invalid_options(self.argument_spec, self.params))
        self.problems = []
        if wrong:
            from .option_errors import validation_errors  # noqa: PLC0415

            # Some messages contain the wrong value, for example for options with choices.
            self._hide(secret for _place, secret in self._secrets())
            self.problems = validation_errors(wrong)
            if not all(invalid.is_boolean_for_number for invalid in wrong):
                self.fail_json(msg=join_messages(self.problems))

    def _hide(self, secrets: Iterable[str]) -> None:
        """Make ansible-core hide these strings everywhere, like the values of secret options."""
        texts = list(secrets)
        self.no_log_values.update(texts)
        register_secrets(texts)

    def _log_invocation(self) -> None:
        if not self._is_accepted:
            return
        # The log contains the Python representation of structures, but ansible-core hides only the original strings.
        self._hide([repr(secret)[1:-1] for secret in self.no_log_values])
        # Strings that are not valid UTF-8 cannot be logged.
        with contextlib.suppress(UnicodeEncodeError):
            super()._log_invocation()

    def _return_formatted(self, kwargs: dict[str, Any]) -> None:
        if self._is_accepted:
            super()._return_formatted(kwargs)
        else:
            # ansible-core would add the options to the result, and does not hide encoded forms of a secret.
            redact = Redactor(self.no_log_values)
            sys.stdout.write("\n" + json.dumps({**kwargs, "msg": redact(kwargs["msg"])}) + "\n")

    def warn_about_hidden_data(self, result: Mapping[str, Any]) -> None:
        """Warn if ansible-core alters data of the result, because the data contains the text of a secret."""
        data = {
            name: "\n".join(scalar_values(part, _MESSAGES)) for name, part in result.items() if name not in _MESSAGES
        }
        text = "\n".join(data.values())
        hidden = [secret for secret in self.no_log_values if secret in text]
        if not hidden:
            return
        options = join_few([*dict.fromkeys(place for place, secret in self._secrets() if secret in hidden)])
        where = [name for name, part in data.items() if any(secret in part for secret in hidden)]
        self.warn(
            f"The value of {options or 'a secret'} also occurs in {join_few(where)} of the result. Ansible hides it "
            "there, so the result differs from the data in the cluster. "
            "Hint: use a secret that does not occur in other data."
        )

    def _secrets(self) -> Iterator[tuple[str, str]]:
        """Return the places and values of all secrets."""
        yield from find_secret_options(self.argument_spec, self.raw_params)
        yield from self._more_secrets(self.raw_params)
        for name, secret in find_secret_headers(self.raw_params.get("headers")):
            yield f"headers.{name}", secret
