"""requirements.txt of a package: the versions that its evaluate.py was made with.

Whoever follows the package's README installs what it names, and installing runs code: no package
may be named but those that evaluate.py needs, and nothing may be said that pip takes otherwise.
"""

from __future__ import annotations

import importlib.metadata
import re

from nbsuite.errors import PackageError
from nbsuite.submissions.package.layout import LOCK, SCRIPT

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
_FIRST_LINE = f"# What {SCRIPT} needs, as installed where this was packed."
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,99})==([A-Za-z0-9][A-Za-z0-9.!+_-]{0,99})")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_MOST_NAMED = 3


def dependency_lock() -> str:
    """The installed versions of what evaluate.py needs, and of what those need in turn."""
    lines = [f"{name}=={version}" for name, version in sorted(_installed().items())]
    return "\n".join([_FIRST_LINE, *lines, ""])


def check_lock(text: str) -> str | None:
    """Make sure that a requirements.txt is such as this nbsuite writes.

    Args:
        text: its content.

    Returns:
        A remark, if it gives other versions than are installed here.

    Raises:
        PackageError: a line is no plain version, or it names what evaluate.py does not need.
    """
    installed, differing = _installed(), []
    first, *pins = text.removesuffix("\n").split("\n")
    if first != _FIRST_LINE:  # pip takes options, and from comments the encoding
        pins = [first, *pins]
    seen = set()
    for line in pins:
        pin = _PIN.fullmatch(line)
        if pin is None:
            raise PackageError(f"{LOCK} holds {line[:100]!a}, where `name==version` is due.")
        name = _normalised(pin[1])
        if name not in installed and _OF_CUDA.sub(r"\1", name) not in _OTHERS.split():
            raise PackageError(
                f"{LOCK} names {pin[1]}, which {SCRIPT} does not need; installing it could run "
                "anything."
            )
        if name in seen:
            raise PackageError(f"{LOCK} names {pin[1]} twice.")
        seen.add(name)
        if installed.get(name) not in (None, pin[2]):
            differing.append(line)
    return _remark(differing) if differing else None


def _remark(differing: list[str]) -> str:
    named = ", ".join(differing[:_MOST_NAMED])
    more = len(differing) - _MOST_NAMED
    return (
        f"{LOCK} gives other versions than are installed here: {named}"
        f"{f' and {more} more' if more > 0 else ''}."
    )


def _installed() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in NEEDED:
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
