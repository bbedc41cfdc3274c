"""Code that a user names: a function or class in a file of their own or in an installed package.

A reference is ``my_file.py:name`` or ``package.module:name``. Code is run only where a person has
written its reference, or has given ``--run-code`` for a study or a package that names one: no other
file that nbsuite reads can.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from nbsuite.errors import NbsuiteError
from nbsuite.suggestions import did_you_mean

_IN_FILE = re.compile(r"(?P<place>.+\.py)(?::(?P<name>[A-Za-z_]\w*))?")
_IN_PACKAGE = re.compile(r"(?P<place>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*)")
_MODULE_PREFIX = "nbsuite_named_"


@dataclass(frozen=True)
class Purpose:
    """What code is named for, as errors tell it.

    Attributes:
        what: what it makes: ``decoder``.
        example: a name that it may have: ``build``.
        error: what is raised where it cannot be used.
    """

    what: str
    example: str
    error: type[NbsuiteError]


@dataclass(frozen=True)
class NamedCode:
    """What a reference names.

    Attributes:
        reference: how the user named it.
        value: the function, class or other object.
        source: the file of its code, where there is one.
        sha256: digest of that file.
    """

    reference: str
    value: Any
    source: Path | None
    sha256: str | None


def is_reference(text: str) -> bool:
    """Whether a text is a file's path with ``.py``, or ``package.module:name``."""
    return (_IN_FILE.fullmatch(text) or _IN_PACKAGE.fullmatch(text)) is not None


def everywhere(reference: str, folder: Path = Path()) -> str:
    """A reference that means the same in another working folder: a file's path is made absolute.

    Args:
        reference: ``my_file.py:name`` or ``package.module:name``.
        folder: what the path is relative to.
    """
    found = _IN_FILE.fullmatch(reference)
    if found is None:
        return reference
    name = f":{found['name']}" if found["name"] else ""
    return f"{(folder / found['place']).absolute()}{name}"


def load_named(reference: str, purpose: Purpose) -> NamedCode | None:
    """Import a user's code and find what is named in it.

    Args:
        reference: ``my_file.py:name`` or ``package.module:name``.
        purpose: what it is for.

    Returns:
        None where the text is no reference.

    Raises:
        NbsuiteError: the purpose's error: the file or name is not there, or importing it fails.
    """
    if found := _IN_FILE.fullmatch(reference):
        path = Path(found["place"])
        if not path.is_file():
            raise purpose.error(f"There is no file {path}; check the path.")
        if found["name"] is None:
            raise purpose.error(_unnamed(path, purpose))
        return _found(reference, _import_file(path, purpose), found["name"], purpose)
    if found := _IN_PACKAGE.fullmatch(reference):
        with reported(f"{found['place']} cannot be imported", purpose.error):
            module = importlib.import_module(found["place"])
        return _found(reference, module, found["name"], purpose)
    return None


def with_source(reference: str, value: Any, owner: Any) -> NamedCode:
    """An object with the file that its class or function, ``owner``, is defined in."""
    try:
        source = Path(inspect.getsourcefile(inspect.unwrap(owner)) or "")
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
    except (TypeError, OSError):  # of an object that has no file
        return NamedCode(reference, value, None, None)
    return NamedCode(reference, value, source, digest)


@contextmanager
def reported(what: str, error: type[NbsuiteError]) -> Iterator[None]:
    """Turn whatever a user's code raises into one sentence.

    Args:
        what: what fails, as the beginning of a sentence.
        error: what to raise instead.

    Raises:
        NbsuiteError: it raised.
    """
    try:
        yield
    except NbsuiteError:
        raise
    except (Exception, SystemExit) as raised:
        raise error(f"{what} ({described(raised)}); mend it there.") from raised


def described(error: BaseException) -> str:
    """Kind and text of an exception, and the line of a user's file that it comes from."""
    text = f"{type(error).__name__}: {error}"
    place, trace = "", error.__traceback__
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__")).startswith(_MODULE_PREFIX):
            place = f", line {trace.tb_lineno} of {Path(trace.tb_frame.f_code.co_filename).name}"
        trace = trace.tb_next
    return f"{text}{place}"


def with_article(value: Any) -> str:
    """The kind of a value, as in "returns a list"."""
    if value is None:
        return "nothing"
    kind = type(value).__name__
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def _unnamed(path: Path, purpose: Purpose) -> str:
    names = _defined_names(path)
    example = next((each for each in (purpose.example, *names) if each in names), purpose.example)
    return (
        f"{path} does not say what makes the {purpose.what}; name a function or class of it, as "
        f"{path}:{example}."
    )


def _defined_names(path: Path) -> list[str]:
    """Names of the functions and classes of a file, which is not run."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return []
    defined = (ast.FunctionDef, ast.ClassDef)
    return [each.name for each in tree.body if isinstance(each, defined)]


def _import_file(path: Path, purpose: Purpose) -> ModuleType:
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
        with reported(f"{path} cannot be imported", purpose.error):
            loader.exec_module(module)
    except NbsuiteError:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(str(path.parent))
    return module


def _found(reference: str, module: ModuleType, name: str, purpose: Purpose) -> NamedCode:
    value = getattr(module, name, None)
    if value is None:
        known = [each for each, found in vars(module).items() if _is_of(module, found)]
        hint = did_you_mean(name, known) if known else "define it there."
        raise purpose.error(f"{reference} is not there: its module has no '{name}'; {hint}")
    owner = value if inspect.isclass(value) or inspect.isroutine(value) else type(value)
    return with_source(reference, value, owner)


def _is_of(module: ModuleType, value: Any) -> bool:
    """Whether a value is a function or class that a module defines itself."""
    return callable(value) and getattr(value, "__module__", None) == module.__name__
