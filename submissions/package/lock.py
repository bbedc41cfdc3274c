"""requirements.txt of a package: the versions that its evaluate.py was made with.

Whoever follows the package's README installs what it names, and installing runs code: no package
may be named but those that evaluate.py needs, and nothing may be said that pip takes otherwise.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable

from nbsuite.errors import PackageError
from nbsuite.submissions.package.layout import LOCK, SCRIPT, SOURCE

NEEDED = ("torch", "snntorch", "neurobench", "h5py", "scipy", "numpy")
"""What evaluate.py imports, itself or through NeuroBench."""

_OTHERS = """
audioop-lts audioread certifi cffi charset-normalizer cloudpickle colorama cuda-bindings
cuda-pathfinder cuda-toolkit decorator expelliarmus filelock fsspec h5py idna importrosbag
jinja2 joblib lazy-loader librosa llvmlite markupsafe mpmath msgpack narwhals networkx
neurobench numba numpy packaging pbr platformdirs pooch pycparser requests scikit-learn scipy
setuptools snntorch soundfile soxr standard-aifc standard-chunk standard-sunau sympy
threadpoolctl tonic torch torchaudio tqdm triton typing-extensions urllib3
nvidia-cublas nvidia-cuda-cupti nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn
nvidia-cufft nvidia-cufile nvidia-curand nvidia-cusolver nvidia-cusparse nvidia-cusparselt
nvidia-nccl nvidia-nvjitlink nvidia-nvshmem nvidia-nvtx
"""
"""What that needs in turn, on any system and in the versions that nbsuite admits."""

_OF_CUDA = re.compile(r"(nvidia-[a-z-]+)-cu1[23]")
_FIRST_LINES = {
    runner: f"# What {runner or 'nbsuite'} needs, as installed where this was packed."
    for runner in (SCRIPT, SOURCE, None)
}
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,99})==([A-Za-z0-9][A-Za-z0-9.!+_-]{0,99})")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_MOST_NAMED = 3


def dependency_lock(runner: str | None = SCRIPT, more: Iterable[str] = ()) -> str:
    """The installed versions of what runs a decoder, and of what that needs in turn.

    Args:
        runner: the file of the package that runs it; None for nbsuite alone.
        more: distributions that it needs besides those that evaluate.py does.
    """
    lines = [f"{name}=={version}" for name, version in sorted(_installed(more).items())]
    return "\n".join([_FIRST_LINES[runner], *lines, ""])


def check_lock(text: str, runner: str | None = SCRIPT) -> list[str]:
    """Make sure that a requirements.txt is such as this nbsuite writes.

    Args:
        text: its content.
        runner: the file of the package that runs the decoder; code of the team's may need anything.

    Returns:
        Remarks: that it gives other versions than are installed here, or what the team's code
        needs.

    Raises:
        PackageError: a line is no plain version, or it names what evaluate.py does not need.
    """
    installed, differing, strange = _installed(), [], []
    first, *pins = text.removesuffix("\n").split("\n")
    if first != _FIRST_LINES[runner]:  # pip takes options, and from comments the encoding
        pins = [first, *pins]
    seen = set()
    for line in pins:
        pin = _PIN.fullmatch(line)
        if pin is None:
            raise PackageError(f"{LOCK} holds {line[:100]!a}, where `name==version` is due.")
        name = _normalised(pin[1])
        if name not in installed and _OF_CUDA.sub(r"\1", name) not in _OTHERS.split():
            strange.append(pin[1])
            if runner == SOURCE:
                continue
            raise PackageError(
                f"{LOCK} names {pin[1]}, which {SCRIPT} does not need; installing it could run "
                "anything."
            )
        if name in seen:
            raise PackageError(f"{LOCK} names {pin[1]} twice.")
        seen.add(name)
        if installed.get(name) not in (None, pin[2]):
            differing.append(line)
    remarks = []
    if strange:
        remarks.append(f"{LOCK} names what {SOURCE} needs besides nbsuite: {_named(strange)}.")
    if differing:
        remarks.append(f"{LOCK} gives other versions than are installed here: {_named(differing)}.")
    return remarks


def _named(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _installed(more: Iterable[str] = ()) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in (*NEEDED, *more):
        _collect(name, found)
    return found


def _collect(name: str, found: dict[str, str]) -> None:
    name = _normalised(name)
    if name in found:
        return
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return  # of another platform or Python version
    # A build such as 2.13.0+cpu is found in no index under that version.
    found[name] = distribution.version.partition("+")[0]
    for requirement in distribution.requires or []:
        match = _NAME.match(requirement)
        if match is not None and "extra ==" not in requirement:
            _collect(match[0], found)


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
