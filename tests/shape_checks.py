"""Checks the shapes in signatures whenever a test calls what has them.

``conftest.py`` installs a finder before anything of nbsuite is imported. It loads the modules below
with their functions wrapped: ``jaxtyping`` matches axes across a call, ``beartype`` checks every
argument and result. What they check with, ``nbsuite.shapes``, is imported there for real, where
production skips it. No bytecode of this is kept, so that nothing of it is ever run elsewhere.

Functions that numba or triton compile cannot be wrapped; their modules are not listed.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Hashable, Sequence
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, runtime_checkable

SHAPES = "nbsuite.shapes"
CHECKED = frozenset(
    {
        "nbsuite.neurons.cells.adaptive",
        "nbsuite.neurons.cells.lif",
        "nbsuite.neurons.cells.stock",
        "nbsuite.neurons.connection",
        "nbsuite.neurons.dropout",
        "nbsuite.neurons.layers",
        "nbsuite.neurons.surrogate",
        "nbsuite.neurons.timescales",
        "nbsuite.plots",
        "nbsuite.spike_events",
        "nbsuite.submissions.report.decoding",
        "nbsuite.training.augmentation",
        "nbsuite.training.input_rates",
        "nbsuite.training.losses",
        "nbsuite.training.regularizers",
        "nbsuite.training.scores",
        "nbsuite.training.smorms3",
        "nbsuite.training.windows",
    }
)
"""The modules whose signatures are checked."""

CHECK = "_nbsuite_checks_shapes"


def install() -> None:
    """Check the modules from now on.

    Raises:
        RuntimeError: some are imported already, and would go unchecked.
    """
    if too_late := CHECKED & sys.modules.keys():
        raise RuntimeError(f"imported before their shapes could be checked: {sorted(too_late)}")
    sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds the checked modules where they are, and gives them a loader that wraps them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in CHECKED:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Loader(fullname, spec.origin)
        return spec


class _Loader(SourceFileLoader):
    """Compiles a module with its functions wrapped, and keeps no bytecode of it."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = _wrapped(ast.parse(self.get_data(path), path))
        return compile(tree, path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        vars(module)[CHECK] = _check
        super().exec_module(module)


def _check(target: Any) -> Any:
    """A class, or a function, that checks what it is given."""
    from beartype import BeartypeConf, beartype
    from jaxtyping import jaxtyped

    if getattr(target, "_is_protocol", False):
        return runtime_checkable(target)
    numbers_as_mypy_sees_them = beartype(conf=BeartypeConf(is_pep484_tower=True))
    checked = jaxtyped(typechecker=numbers_as_mypy_sees_them)(target)
    return checked if isinstance(target, type) else _once_a_shape(target, checked)


def _once_a_shape(function: Callable[..., Any], checked: Callable[..., Any]) -> Callable[..., Any]:
    """The function, checked when it meets shapes and types for the first time.

    What is called at each time step would otherwise take several times as long.
    """
    met = set()

    @wraps(function)
    def call(*arguments: Any, **settings: Any) -> Any:
        kinds = (_kind(arguments), *settings, _kind(tuple(settings.values())))
        if kinds in met:
            return function(*arguments, **settings)
        result = checked(*arguments, **settings)
        met.add(kinds)
        return result

    return call


def _kind(value: Any) -> Hashable:
    """What a check looks at: types, and shapes of arrays."""
    if isinstance(value, tuple):
        return (type(value), *map(_kind, value))
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return (type(value), tuple(value.shape), value.dtype)
    return type(value)


def _wrapped(tree: ast.Module) -> ast.Module:
    """The module with its shapes imported, and its functions, methods and records wrapped."""
    body: list[ast.stmt] = []
    for statement in tree.body:
        body += _imports_of_shapes(statement)
        _wrap(statement)
        body.append(statement)
    tree.body = body
    return ast.fix_missing_locations(tree)


def _imports_of_shapes(statement: ast.stmt) -> list[ast.stmt]:
    """What ``if TYPE_CHECKING`` imports of the shapes."""
    if not isinstance(statement, ast.If) or ast.unparse(statement.test) != "TYPE_CHECKING":
        return []
    return [
        each
        for each in statement.body
        if isinstance(each, ast.ImportFrom) and each.module == SHAPES
    ]


def _wrap(statement: ast.stmt) -> None:
    if isinstance(statement, ast.FunctionDef):
        if not _is_overload(statement):
            check = ast.Name(CHECK, ast.Load())
            statement.decorator_list.append(ast.copy_location(check, statement))
    elif isinstance(statement, ast.ClassDef):
        for inner in statement.body:
            _wrap(inner)
        if _is_record_or_protocol(statement):
            check = ast.Name(CHECK, ast.Load())
            statement.decorator_list.insert(0, ast.copy_location(check, statement))


def _is_record_or_protocol(cls: ast.ClassDef) -> bool:
    record = any("dataclass" in ast.unparse(each) for each in cls.decorator_list)
    return record or any(ast.unparse(base) == "Protocol" for base in cls.bases)


def _is_overload(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(each).endswith("overload") for each in function.decorator_list)
