# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AnsibleModule that reads more, checks more and shows less. Private to the collection."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any, Callable, Iterable, Iterator, Mapping, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import set_fallbacks

from .._elasticsearch.keys import secret_headers
from .._elasticsearch.redaction import Redactor
from .._elasticsearch.text import few, numbered
from .connection_options import with_keys_as_text
from .raw_options import misfits, structured, without_nulls
from .secret_options import leaves, secret_options

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:
    # Before 2.22, ansible-core hides C(no_log_values) alone.
    def register_secrets(values: Iterable[str], /) -> None:
        """Do nothing."""


#: Finds secrets in options of any form.
Secrets = Callable[[Mapping[str, Any]], Iterable[Tuple[str, str]]]

#: Parts of a result that are texts for people, not data.
_MESSAGES = ("msg", "failure")


class CheckedModule(AnsibleModule):  # type: ignore[misc]  # ansible-core has no types
    """An AnsibleModule that neither returns nor logs its options unless C(accept) was called.

    ansible-core hides secrets that stand in their place. As long as options have a wrong type or name, or a wrong
    value, a secret may stand anywhere in them.

    :ivar raw_params: the options before ansible-core has converted them.
    :ivar problems: what is wrong with the types of options that ansible-core accepts, as sentences.
    """

    params: dict[str, Any]
    raw_params: dict[str, Any]
    problems: list[str]
    _is_accepted = False

    def __init__(self, more_secrets: Secrets, **arguments: Any) -> None:
        """
        :param more_secrets: returns the places and the values of secrets that the argument spec does not name.
        """
        self._more_secrets = more_secrets
        super().__init__(**arguments)

    def accept(self) -> None:
        """Let the result and the log of the system show the options, since nothing is wrong with them."""
        self._is_accepted = True
        if not self.no_log:
            self._log_invocation()

    def _load_params(self) -> None:
        super()._load_params()
        given = without_nulls(self.argument_spec, self.params)
        set_fallbacks(self.argument_spec, given)
        self.params = with_keys_as_text(structured(self.argument_spec, given))
        self.raw_params = dict(self.params)
        self._hide(secret for _name, secret in secret_headers(self.params.get("headers")))
        self._hide(secret for _place, secret in self._more_secrets(self.params))
        wrong = list(misfits(self.argument_spec, self.params))
        self.problems = []
        if wrong:
            from .option_errors import validation_errors  # noqa: PLC0415

            # A message shows some wrong values, for example of options with choices.
            self._hide(secret for _place, secret in self._secrets())
            self.problems = validation_errors(wrong)
            if not all(misfit.is_flag for misfit in wrong):
                self.fail_json(msg=numbered(self.problems))

    def _hide(self, secrets: Iterable[str]) -> None:
        """Have ansible-core hide these texts wherever they occur, as it does with the values of secret options."""
        texts = list(secrets)
        self.no_log_values.update(texts)
        register_secrets(texts)

    def _log_invocation(self) -> None:
        if not self._is_accepted:
            return
        # The log shows structures as Python writes them, where ansible-core hides what is as it was given.
        self._hide([repr(secret)[1:-1] for secret in self.no_log_values])
        # A text that is not UTF-8 cannot be logged.
        with contextlib.suppress(UnicodeEncodeError):
            super()._log_invocation()

    def _return_formatted(self, kwargs: dict[str, Any]) -> None:
        if self._is_accepted:
            super()._return_formatted(kwargs)
        else:
            # ansible-core would add the options to the result, and does not hide other forms of a secret.
            redact = Redactor(self.no_log_values)
            sys.stdout.write("\n" + json.dumps({**kwargs, "msg": redact(kwargs["msg"])}) + "\n")

    def warn_of_hidden_data(self, result: Mapping[str, Any]) -> None:
        """Warn if ansible-core, which hides secrets wherever their texts occur, alters data of the result."""
        data = {name: "\n".join(leaves(part, _MESSAGES)) for name, part in result.items() if name not in _MESSAGES}
        text = "\n".join(data.values())
        hidden = [secret for secret in self.no_log_values if secret in text]
        if not hidden:
            return
        options = few([*dict.fromkeys(place for place, secret in self._secrets() if secret in hidden)])
        where = [name for name, part in data.items() if any(secret in part for secret in hidden)]
        self.warn(
            f"The value of {options or 'a secret'} also occurs in {few(where)} of the result. Ansible hides it there, "
            "so the result differs from the data in the cluster. Hint: use a secret that does not occur in other data."
        )

    def _secrets(self) -> Iterator[tuple[str, str]]:
        """Return the places and the values of all secrets."""
        yield from secret_options(self.argument_spec, self.raw_params)
        yield from self._more_secrets(self.raw_params)
        for name, secret in secret_headers(self.raw_params.get("headers")):
            yield f"headers.{name}", secret
