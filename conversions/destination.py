"""Where converted weights are written, and what is never overwritten."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from nbsuite.errors import ConversionError, UsageError
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import read_bounded

SAFETENSORS = ".safetensors"
_WEIGHT_SUFFIXES = {SAFETENSORS, ".pth", ".pt"}


def destination(default: Path, output: Path | None, name: str) -> Path:
    """The file to write.

    Args:
        default: the file without ``output``; its suffix is the format's.
        output: a file where it ends in that suffix, otherwise a folder.
        name: the file's name in such a folder, without suffix.

    Raises:
        UsageError: ``output`` ends in the suffix of another format.
    """
    suffix = default.suffix
    if output is None:
        return default
    if output.is_dir() or output.suffix not in _WEIGHT_SUFFIXES:
        return output / f"{name}{suffix}"
    if output.suffix != suffix:
        raise UsageError(
            f"{output} is to hold a {suffix} file; give it that suffix or name a folder."
        )
    return output


def refuse_to_overwrite(targets: Sequence[Path], *, force: bool) -> None:
    """Stop before two inputs go to one file, or an existing file is lost without ``force``.

    A link counts as the file that it is; a file that is reached in two ways is one file.

    Raises:
        UsageError: two targets are the same file.
        ConversionError: a target exists.
    """
    places = {target: target.parent.resolve() / target.name for target in targets}
    [(place, count)] = Counter(places[target] for target in targets).most_common(1)
    if count > 1:
        target = next(target for target in targets if places[target] == place)
        raise UsageError(
            f"{target} would be written for {count} inputs; convert them one by one, "
            "each with its own -o."
        )
    for target in targets:
        if os.path.lexists(target) and not force:
            raise ConversionError(
                f"{target} exists already; replace it with --force or choose another with -o."
            )


def holds(path: Path, content: bytes) -> bool:
    """Whether a file is there and holds just this."""
    try:
        return read_bounded(path, len(content)) == content
    except (FileNotFoundError, FormatFault):
        return False
