"""Decoders of a study that are made by code of a user's: run only where a person asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbsuite.data.folders import with_home
from nbsuite.errors import DecoderError, UsageError
from nbsuite.models.decoder import DecoderSpec
from nbsuite.models.factory import load_factory, names_decoder
from nbsuite.named_code import everywhere


def admitted_code(models: Sequence[str], path: Path, *, run_code: bool) -> dict[str, str]:
    """Those models of a study file that name code, which is not run yet.

    Args:
        models: the models as the file names them.
        path: the study file, to whose folder paths are relative.
        run_code: whether the code may be run.

    Returns:
        For each of them what names it from any working folder.

    Raises:
        UsageError: there are some, and they may not be run.
    """
    own = [model for model in models if names_decoder(model)]
    if own and not run_code:
        raise UsageError(
            f"{path} names the decoder {', '.join(own)}, code of its writer's own, which is not run"
            " unasked: read it, and give the command with --run-code."
        )
    return {model: everywhere(str(with_home(Path(model))), path.parent) for model in own}


def require_unchanged(factory: str | None, spec: DecoderSpec) -> None:
    """Make sure that a decoder's code is that by whose digest its stages are told from others.

    Args:
        factory: what makes it; None where its code is ours.
        spec: the decoder.

    Raises:
        DecoderError: it has changed since, or is not there.
    """
    if factory is None:
        return
    if load_factory(factory).sha256 != spec.to_json()["source_sha256"]:
        raise DecoderError(
            f"{factory} has changed since the study was laid out: give the command again, and what"
            " is made of it is made anew."
        )
