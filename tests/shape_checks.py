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
from typing import Any, get_args, get_type_hints, runtime_checkable

SHAPES = "nbsuite.shapes"
CHECKED = frozenset(
    {
        "nbsuite.benchmarking.adapter",
        "nbsuite.data.motion",
        "nbsuite.models.decoder",
        "nbsuite.models.linear",
        "nbsuite.models.module_batches",
        "nbsuite.models.module_interface",
        "nbsuite.models.rsnn",
        "nbsuite.models.rsnn_layers",
        "nbsuite.models.stepwise",
        "nbsuite.models.window",
        "nbsuite.neurons.cells.adaptive",
        "nbsuite.neurons.cells.lif",
        "nbsuite.neurons.cells.state",
        "nbsuite.neurons.cells.stock",
        "nbsuite.neurons.connection",
        "nbsuite.neurons.dropout",
        "nbsuite.neurons.kernels",
        "nbsuite.neurons.layers",
        "nbsuite.neurons.surrogate",
        "nbsuite.neurons.timescales",
        "nbsuite.plots",
        "nbsuite.spike_events",
        "nbsuite.statistics.block_errors",
        "nbsuite.statistics.block_record",
        "nbsuite.statistics.intervals",
        "nbsuite.statistics.paired",
        "nbsuite.statistics.resampling",
        "nbsuite.submissions.report.decoding",
        "nbsuite.training.augmentation",
        "nbsuite.training.epochs",
        "nbsuite.training.input_rates",
        "nbsuite.training.losses",
        "nbsuite.training.regularizers",
        "nbsuite.training.ridge",
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
    if isinstance(target, type) and issubclass(target, tuple):
        return _with_checked_fields(target)
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


def _with_checked_fields(record: Any) -> Any:
    """A named tuple whose fields are checked when it is made, which beartype does not do."""
    make, met = record.__new__, set()

    def new(cls: Any, *arguments: Any, **settings: Any) -> Any:
        made = make(cls, *arguments, **settings)
        kinds = tuple(map(_kind, made))
        if kinds not in met:
            _require_shapes(made)
            met.add(kinds)
        return made

    record.__new__ = new
    return record


def _require_shapes(record: Any) -> None:
    """Hold the fields against their shapes, the axes against each other.

    Raises:
        TypeError: a field is of another shape or type.
    """
    from jaxtyping import AbstractArray, jaxtyped

    with jaxtyped("context"):
        for name, hint in get_type_hints(type(record)).items():
            kinds = [each for each in (hint, *get_args(hint)) if isinstance(each, type)]
            value = getattr(record, name)
            if any(issubclass(kind, AbstractArray) for kind in kinds) and not isinstance(
                value, hint
            ):
                shape = tuple(getattr(value, "shape", ()))
                raise TypeError(f"{name} of {type(record).__name__} is {shape}, not {hint}")


def _kind(value: Any) -> Hashable:
    """What a check looks at: types, and shapes of arrays."""
    if isinstance(value, tuple):
        return (type(value), *map(_kind, value))
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return (type(value), tuple(value.shape), value.dtype)
    return type(value)


def _wrapped(tree: ast.Module) -> ast.Module:
    """The module with its shapes imported, and what names them wrapped."""
    shapes = [each for statement in tree.body for each in _imports_of_shapes(statement)]
    names = {alias.name for each in shapes for alias in each.names}
    for statement in tree.body:
        _wrap(statement, names)
    place = next(index for index, each in enumerate(tree.body) if _imports_of_shapes(each))
    tree.body[place:place] = shapes
    return ast.fix_missing_locations(tree)


def _imports_of_shapes(statement: ast.stmt) -> list[ast.ImportFrom]:
    """What ``if TYPE_CHECKING`` imports of the shapes."""
    if not isinstance(statement, ast.If) or ast.unparse(statement.test) != "TYPE_CHECKING":
        return []
    return [
        inner
        for inner in statement.body
        if isinstance(inner, ast.ImportFrom) and inner.module == SHAPES
    ]


def _wrap(statement: ast.stmt, shapes: set[str]) -> None:
    """Wrap functions, methods and records whose annotations name shapes; and all protocols."""
    check = ast.copy_location(ast.Name(CHECK, ast.Load()), statement)
    if isinstance(statement, ast.FunctionDef):
        if _names_any(statement, shapes) and not _is_overload(statement):
            statement.decorator_list.append(check)
    elif isinstance(statement, ast.ClassDef):
        fields = [each for each in statement.body if isinstance(each, ast.AnnAssign)]
        record = _is_record(statement) and any(_names_any(each, shapes) for each in fields)
        if record or "Protocol" in map(ast.unparse, statement.bases):
            statement.decorator_list.insert(0, check)
        for inner in statement.body:
            _wrap(inner, shapes)


def _names_any(annotated: ast.FunctionDef | ast.AnnAssign, shapes: set[str]) -> bool:
    """Whether an annotation of a function's signature, or of a field, names a shape."""
    annotations: list[ast.expr | None]
    if isinstance(annotated, ast.AnnAssign):
        annotations = [annotated.annotation]
    else:
        signature = annotated.args
        arguments = (*signature.posonlyargs, *signature.args, *signature.kwonlyargs)
        annotations = [annotated.returns, *(each.annotation for each in arguments)]
    return any(
        isinstance(node, ast.Name) and node.id in shapes
        for each in annotations
        if each is not None
        for node in ast.walk(each)
    )


def _is_record(cls: ast.ClassDef) -> bool:
    dataclass = any("dataclass" in ast.unparse(each) for each in cls.decorator_list)
    return dataclass or "NamedTuple" in map(ast.unparse, cls.bases)


def _is_overload(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(each).endswith("overload") for each in function.decorator_list)
