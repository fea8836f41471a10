# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the architecture of plugins/module_utils: imports, sizes, and a test file for each file."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.artifact import ROOT

MODULE_UTILS = ROOT / "plugins" / "module_utils"
TESTS = ROOT / "tests" / "unit" / "plugins" / "module_utils"


#: The packages from the lowest to the highest layer. Each imports only from those before it.
LAYERS = ("_elasticsearch", "_inference", "_services", "_fingerprints", "_reconcile", "_modules")

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 30

#: Attributes of errors. Errors are complete when they are raised.
ERROR_ATTRIBUTES = frozenset(("hint", "problem", "reason", "ambiguous"))

#: Imports that are forbidden in pure files, also indirectly.
HTTP = ("requests", "urllib3", "_elasticsearch/client.py", "_inference/api.py")

Sources = Mapping[str, str]


def sources() -> dict[str, str]:
    """Return the files of module_utils by their relative paths."""
    return {
        path.relative_to(MODULE_UTILS).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(MODULE_UTILS.rglob("*.py"))
    }


def imports(path: str, source: str, all_paths: Iterable[str]) -> Iterator[str]:
    """Yield the imports of a file, including lazy ones: files by their paths in module_utils, other packages by name.

    Imports for type checkers only are skipped.
    """
    known = frozenset(all_paths)
    for node in _at_run_time(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)
        elif isinstance(node, ast.ImportFrom):
            yield from _relative(path, node, known)


def _relative(path: str, node: ast.ImportFrom, known: frozenset[str]) -> list[str]:
    """Return the files that a relative import names. Those outside module_utils begin with two dots."""
    places = [parent.as_posix() for parent in Path(path).parents]
    place = places[node.level - 1] if node.level <= len(places) else ".."
    target = Path(place, *(node.module or "").split("."))
    file = f"{target.as_posix()}.py"
    return [file] if file in known else [(target / f"{alias.name}.py").as_posix() for alias in node.names]


def _at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes within a node, except the bodies of C(if TYPE_CHECKING)."""
    for child in ast.iter_child_nodes(node):
        yield child
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from (below for each in child.orelse for below in (each, *_at_run_time(each)))
        else:
            yield from _at_run_time(child)


def upward_imports(files: Sources) -> list[str]:
    """Return the imports from a higher layer, and from unknown packages."""
    found = []
    for path, source in files.items():
        layer = path.split("/")[0]
        for target in imports(path, source, files):
            other = target.split("/")[0]
            if target.endswith(".py") and (other not in LAYERS or LAYERS.index(other) > LAYERS.index(layer)):
                found.append(f"{path}: imports {target}")
    return found


def absolute_imports(files: Sources) -> list[str]:
    """Return the imports of the collection by its full name."""
    return [
        f"{path}: imports {target}"
        for path, source in files.items()
        for target in imports(path, source, files)
        if target.startswith("ansible_collections")
    ]


def reached(start: str, files: Sources) -> set[str]:
    """Return all direct and indirect imports of a file."""
    found: set[str] = set()
    left = [start]
    while left:
        path = left.pop()
        new = set(imports(path, files[path], files)) - found
        found |= new
        left += [target for target in new if target in files]
    return found


def imports_of_http(start: str, files: Sources) -> list[str]:
    return sorted(target for target in reached(start, files) if target.startswith(HTTP))


def long_files(files: Sources) -> list[str]:
    return [f"{path}: long file" for path, source in files.items() if len(source.splitlines()) > MAX_FILE_LINES]


def long_functions(files: Sources) -> list[str]:
    return [
        f"{path}: long function {node.name}"
        for path, source in files.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_FUNCTION_LINES
    ]


def changed_errors(files: Sources) -> list[str]:
    """Return the files that assign attributes of an error outside its own class."""
    return [f"{path}: changes a caught error" for path, source in files.items() if any(_changes_of_errors(source))]


def _changes_of_errors(source: str) -> Iterator[ast.Attribute]:
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Attribute) and isinstance(node.ctx, (ast.Store, ast.Del))):
            continue
        if node.attr in ERROR_ATTRIBUTES and ast.unparse(node.value) != "self":
            yield node


def untested_files(paths: Iterable[str], tests: Iterable[str]) -> list[str]:
    """Return the files without a test file of the same name in the same directory."""
    known = frozenset(tests)
    return [
        f"{path}: no test file"
        for path in paths
        if Path(path).with_name(f"test_{Path(path).name}").as_posix() not in known
    ]


def unchecked_complexity(files: Sources) -> list[str]:
    """Return the files that disable the complexity check of ruff."""
    return [f"{path}: disables C901" for path, source in files.items() if "C901" in source]


FILES = sources()
TEST_FILES = [path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")]
VIOLATIONS = [
    *long_files(FILES),
    *long_functions(FILES),
    *changed_errors(FILES),
    *untested_files(FILES, TEST_FILES),
    *unchecked_complexity(FILES),
]


class TestImports:
    def test_packages_import_only_downwards(self) -> None:
        assert upward_imports(FILES) == []

    def test_each_package_has_a_layer(self) -> None:
        assert {path.split("/")[0] for path in FILES} == set(LAYERS)

    def test_imports_within_the_collection_are_relative(self) -> None:
        assert absolute_imports(FILES) == []

    def test_endpoint_module_imports_nothing_of_the_collection(self) -> None:
        path = "_inference/endpoint.py"
        assert set(imports(path, FILES[path], FILES)) <= {"__future__", "typing"}

    @pytest.mark.parametrize("name", ["plan", "comparison", "declaration", "outcome", "purge", "temporary", "verdict"])
    def test_pure_file_does_not_import_http(self, name: str) -> None:
        assert imports_of_http(f"_reconcile/{name}.py", FILES) == []


def test_contributing_lists_each_file() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    architecture = text.partition("## Architecture\n")[2].partition("\n## ")[0]
    names = {path.rpartition("/")[2] for path in FILES} - {path.name for path in ROOT.glob("plugins/modules/*.py")}
    assert names - set(re.findall(r"\b\w+\.py\b", architecture)) == set()


class TestSize:
    def test_files_have_no_violations(self) -> None:
        assert sorted(VIOLATIONS) == []

    def test_ruff_limits_the_complexity_of_functions(self) -> None:
        lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
        assert "mccabe.max-complexity = 10" in lines
        assert any('"C90"' in line for line in lines)


def made_up(**files: str) -> dict[str, str]:
    """Return small sources by path. The argument a__b defines the file a/b.py."""
    return {f"{name.replace('__', '/')}.py": textwrap.dedent(source) for name, source in files.items()}


class TestFinders:
    """Tests that each finder finds violations, and nothing in valid sources."""

    @pytest.mark.parametrize(
        "line",
        [
            "from .._reconcile.plan import plan",
            "from .._reconcile import plan",
            "from .. import _reconcile",
            "from ...modules.endpoint_info import main",
            "def f():\n    from .._modules.runner import run",
            "if x:\n    from .._unknown.package import y",
        ],
    )
    def test_upward_import_is_found(self, line: str) -> None:
        files = made_up(_services__a=line, _reconcile__plan="", _modules__runner="")
        [found] = upward_imports(files)
        assert found.startswith("_services/a.py: imports ")

    @pytest.mark.parametrize(
        "line",
        [
            "from .._inference.endpoint import Endpoint",
            "from .b import x",
            "from . import b",
            "import json",
            "from __future__ import annotations",
            "if TYPE_CHECKING:\n    from .._reconcile.plan import Plan",
        ],
    )
    def test_downward_import_is_valid(self, line: str) -> None:
        files = made_up(_services__a=line, _services__b="", _inference__endpoint="", _reconcile__plan="")
        assert upward_imports(files) == []

    def test_absolute_import_is_found(self) -> None:
        files = made_up(_services__a="from ansible_collections.esops.inference.plugins.module_utils import x")
        assert len(absolute_imports(files)) == 1
        assert absolute_imports(made_up(_services__a="from .b import x")) == []

    @pytest.mark.parametrize(
        "line",
        [
            "import requests",
            "from requests.adapters import HTTPAdapter",
            "from .._elasticsearch.client import Client",
            "from .._elasticsearch import client",
            "def f():\n    from .._inference.api import Inference",
        ],
    )
    def test_http_is_found_through_other_files(self, line: str) -> None:
        files = made_up(
            _reconcile__plan="from .other import x",
            _reconcile__other=line,
            _elasticsearch__client="",
            _inference__api="",
        )
        assert len(imports_of_http("_reconcile/plan.py", files)) == 1

    def test_http_for_type_checkers_is_valid(self) -> None:
        files = made_up(_reconcile__plan="if TYPE_CHECKING:\n    import requests\nelse:\n    import json")
        assert imports_of_http("_reconcile/plan.py", files) == []
        assert reached("_reconcile/plan.py", files) == {"json"}

    def test_circular_imports_are_followed_once(self) -> None:
        files = made_up(a__b="from .c import x", a__c="from .b import y")
        assert reached("a/b.py", files) == {"a/b.py", "a/c.py"}

    @pytest.mark.parametrize(("lines", "found"), [(300, []), (301, ["a/b.py: long file"])])
    def test_long_file_is_found(self, lines: int, found: list[str]) -> None:
        assert long_files({"a/b.py": "x\n" * lines}) == found

    @pytest.mark.parametrize(("lines", "found"), [(30, []), (31, ["a/b.py: long function f"])])
    @pytest.mark.parametrize("head", ["def f():", "async def f():", "class A:\n  def f():"])
    def test_long_function_is_found(self, head: str, lines: int, found: list[str]) -> None:
        assert long_functions({"a/b.py": f"{head}\n" + "    pass\n" * (lines - 1)}) == found

    @pytest.mark.parametrize(
        "line",
        [
            "error.hint = 'x'",
            "error.problem += 'x'",
            "a.error.reason = 1",
            "del error.ambiguous",
            "(x, error.hint) = y",
        ],
    )
    def test_change_of_an_error_is_found(self, line: str) -> None:
        assert changed_errors({"a/b.py": f"def f():\n    {line}"}) == ["a/b.py: changes a caught error"]

    @pytest.mark.parametrize("line", ["self.hint = 'x'", "hint = error.hint", "error.replace(hint='x')", "x.other = 1"])
    def test_reading_an_error_is_no_change(self, line: str) -> None:
        assert changed_errors({"a/b.py": line}) == []

    def test_file_without_a_test_file_is_found(self) -> None:
        assert untested_files(["a/b.py", "a/c.py"], ["a/test_b.py", "b/test_c.py"]) == ["a/c.py: no test file"]

    def test_disabled_complexity_check_is_found(self) -> None:
        found = unchecked_complexity({"a/b.py": "def f():  # noqa: " + "C901"})
        assert found == ["a/b.py: disables C901"]
