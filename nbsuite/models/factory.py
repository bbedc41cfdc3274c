"""Finding a user's decoder: a function or class that makes an ``nn.Module``, named by the user.

A reference is ``my_decoder.py:build``, ``package.module:name``, or the name of an entry point of
the group ``nbsuite.decoders`` in an installed package. Code is run only where a person has written
its reference: no file that nbsuite reads, be it a checkpoint, a study or a package, can name one.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from neurobench.models import NeuroBenchModel
from torch import nn

from nbsuite.errors import DecoderError
from nbsuite.suggestions import did_you_mean

ENTRY_POINT_GROUP = "nbsuite.decoders"
GIVEN = ("channels", "outputs", "step")
"""What a factory may ask for, by keyword."""

_IN_FILE = re.compile(r"(?P<place>.+\.py)(?::(?P<name>[A-Za-z_]\w*))?")
_IN_PACKAGE = re.compile(r"(?P<place>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*)")
_MODULE_PREFIX = "nbsuite_decoder_"
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)


@dataclass(frozen=True)
class Factory:
    """What makes a user's decoder.

    Attributes:
        reference: how the user named it.
        source: the file of its code, where there is one.
        sha256: digest of that file.
    """

    reference: str
    make: Callable[..., Any]
    source: Path | None
    sha256: str | None

    def build(self, *, channels: int, outputs: int, step: float) -> nn.Module | NeuroBenchModel:
        """The decoder for a task; the factory is given what its signature asks for.

        Args:
            channels: number of input channels.
            outputs: number of decoded values a step.
            step: length of a step in seconds.

        Raises:
            DecoderError: the factory wants more than that, raises, or returns no module.
        """
        if isinstance(self.make, nn.Module | NeuroBenchModel):
            return self.make
        arguments = self._arguments({"channels": channels, "outputs": outputs, "step": step})
        with _reported(f"{self.reference} fails when it is called"):
            module = self.make(**arguments)
        if not isinstance(module, nn.Module | NeuroBenchModel):
            raise DecoderError(
                f"{self.reference} returns {_article(module)}, not an nn.Module; return the "
                "decoder."
            )
        return module

    def _arguments(self, given: dict[str, Any]) -> dict[str, Any]:
        """Those of the values that the factory's signature asks for."""
        try:
            parameters = inspect.signature(self.make).parameters.values()
        except (TypeError, ValueError):  # of a function that is not written in Python
            return {}
        if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters):
            return given
        for each in parameters:
            wanted = each.default is each.empty and each.kind not in _BY_POSITION[1:]
            if wanted and (each.name not in given or each.kind in _BY_POSITION):
                raise DecoderError(
                    f"{self.reference} wants the argument '{each.name}', which nobody gives; give "
                    f"it a default: only {', '.join(GIVEN)} are passed, by name."
                )
        names = [each.name for each in parameters if each.kind not in _BY_POSITION]
        return {name: given[name] for name in names if name in given}


def is_reference(text: str) -> bool:
    """Whether a text names a user's decoder, rather than a checkpoint's path.

    Args:
        text: a file's path with ``.py``, ``package.module:name``, or an entry point's name.
    """
    pattern = _IN_FILE.fullmatch(text) or _IN_PACKAGE.fullmatch(text)
    return pattern is not None or text in _entry_point_names()


def load_factory(reference: str) -> Factory:
    """Import a user's code and find the factory in it.

    Args:
        reference: ``my_decoder.py:build``, ``package.module:name``, or an entry point's name.

    Raises:
        DecoderError: the file or name is not there, or importing it fails.
    """
    if found := _IN_FILE.fullmatch(reference):
        return _from_file(reference, Path(found["place"]), found["name"])
    if found := _IN_PACKAGE.fullmatch(reference):
        with _reported(f"{found['place']} cannot be imported"):
            module = importlib.import_module(found["place"])
        return _found(reference, module, found["name"])
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name == reference:
            with _reported(f"The entry point {reference} cannot be loaded"):
                make = point.load()
            return _factory(reference, make)
    raise DecoderError(
        f"'{reference}' names no decoder; pass my_decoder.py:build, package.module:name, or the "
        f"name of an entry point of the group {ENTRY_POINT_GROUP}."
    )


def _entry_point_names() -> list[str]:
    return [point.name for point in entry_points(group=ENTRY_POINT_GROUP)]


def _from_file(reference: str, path: Path, name: str | None) -> Factory:
    if not path.is_file():
        raise DecoderError(f"There is no file {path}; check the path.")
    if name is None:
        names = _defined_names(path)
        example = next((each for each in ("build", *names) if each in names), "build")
        raise DecoderError(
            f"{path} does not say what makes the decoder; name a function or class of it, as "
            f"{path}:{example}."
        )
    return _found(reference, _import_file(path), name)


def _defined_names(path: Path) -> list[str]:
    """Names of the functions and classes of a file, which is not run."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return []
    defined = (ast.FunctionDef, ast.ClassDef)
    return [each.name for each in tree.body if isinstance(each, defined)]


def _import_file(path: Path) -> ModuleType:
    """Run a file as a module of its own, from which modules beside it can be imported."""
    path = path.resolve()
    digest = hashlib.sha256(bytes(path)).hexdigest()[:8]
    name = f"{_MODULE_PREFIX}{path.stem}_{digest}"
    loader = SourceFileLoader(name, str(path))
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses and pickle look it up there
    sys.path.insert(0, str(path.parent))
    try:
        with _reported(f"{path} cannot be imported"):
            loader.exec_module(module)
    except DecoderError:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(str(path.parent))
    return module


def _found(reference: str, module: ModuleType, name: str) -> Factory:
    make = getattr(module, name, None)
    if make is None:
        known = [each for each, value in vars(module).items() if _is_of(module, value)]
        hint = did_you_mean(name, known) if known else "define it there."
        raise DecoderError(f"{reference} is not there: its module has no '{name}'; {hint}")
    return _factory(reference, make)


def _is_of(module: ModuleType, value: Any) -> bool:
    """Whether a value is a function or class that a module defines itself."""
    return callable(value) and getattr(value, "__module__", None) == module.__name__


def _factory(reference: str, make: Any) -> Factory:
    if not callable(make):
        raise DecoderError(
            f"{reference} is {_article(make)}, not a function or class; name what makes the "
            "decoder."
        )
    owner = type(make) if isinstance(make, nn.Module | NeuroBenchModel) else make
    try:
        source = Path(inspect.getsourcefile(inspect.unwrap(owner)) or "")
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
    except (TypeError, OSError):  # of an object that has no file
        return Factory(reference, make, None, None)
    return Factory(reference, make, source, digest)


@contextmanager
def _reported(what: str) -> Iterator[None]:
    """Turn whatever a user's code raises into one sentence.

    Raises:
        DecoderError: it raised.
    """
    try:
        yield
    except DecoderError:
        raise
    except (Exception, SystemExit) as error:
        raise DecoderError(f"{what} ({described(error)}); mend it there.") from error


def described(error: BaseException) -> str:
    """Kind and text of an exception, and the line of a user's file that it comes from."""
    text = f"{type(error).__name__}: {error}"
    place, trace = "", error.__traceback__
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__")).startswith(_MODULE_PREFIX):
            place = f", line {trace.tb_lineno} of {Path(trace.tb_frame.f_code.co_filename).name}"
        trace = trace.tb_next
    return f"{text}{place}"


def _article(value: Any) -> str:
    kind = type(value).__name__
    if value is None:
        return "nothing"
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"
