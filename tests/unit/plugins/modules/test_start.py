# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the start of module processes."""

from __future__ import annotations

import atexit
import gc
import importlib
import runpy
import sys
from unittest import mock

import pytest

from tests.pages.modules import MODULES

PACKAGE = "ansible_collections.esops.inference.plugins"


@pytest.fixture(params=MODULES)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a module that is not imported yet."""
    monkeypatch.delitem(sys.modules, f"{PACKAGE}.modules.{request.param}", raising=False)
    return str(request.param)


def test_module_process_disables_garbage_collection(name: str) -> None:
    code = importlib.import_module(f"{PACKAGE}.module_utils._modules.{name}")
    order = mock.Mock()
    with (
        mock.patch.object(gc, "disable", order.disable),
        mock.patch.object(atexit, "register", order.register),
        mock.patch.object(code, "main", order.main),
    ):
        runpy.run_module(f"{PACKAGE}.modules.{name}", run_name="__main__")
    assert order.mock_calls == [mock.call.disable(), mock.call.register(gc.freeze), mock.call.main()]


def test_import_of_a_module_does_not_disable_garbage_collection(name: str) -> None:
    with mock.patch.object(gc, "disable") as disable, mock.patch.object(atexit, "register") as register:
        importlib.import_module(f"{PACKAGE}.modules.{name}")
    assert not disable.called
    assert not register.called
