# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render templates as ansible-core does, in a separate process.

The imports of its controller change how modules in the same process return their warnings.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any


class Renderer:
    """A process that renders templates."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def __call__(self, text: str, templates: Mapping[str, str], variables: Mapping[str, Any]) -> Any:
        """Render a template with templates and other variables. Raises the errors of ansible-core."""
        return json.loads(self._pool.submit(_rendered, text, dict(templates), dict(variables)).result())


@contextmanager
def renderer() -> Iterator[Renderer]:
    """Start the process, and stop it at the end."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_load_plugins) as pool:
        yield Renderer(pool)


def _load_plugins() -> None:
    """Make lookup plugins available to templates."""
    from ansible.plugins.loader import init_plugin_loader  # noqa: PLC0415 - not in the process of the tests

    init_plugin_loader([])


def _rendered(text: str, templates: dict[str, str], variables: dict[str, Any]) -> str:
    from ansible import template  # noqa: PLC0415 - not in the process of the tests
    from ansible.parsing.dataloader import DataLoader  # noqa: PLC0415

    trust = getattr(template, "trust_as_template", str)  # ansible-core before 2.19 trusts all strings
    trusted = {name: trust(value) for name, value in templates.items()}
    templar = template.Templar(loader=DataLoader(), variables={**variables, **trusted})
    return json.dumps(templar.template(trust(text)))
