"""Checkpoints and decoders of a user's own, named by arguments, each with its recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbsuite.benchmarking.jobs import Job, plan_jobs
from nbsuite.benchmarking.own_decoders import OwnDecoder, Weights, plan_own_jobs
from nbsuite.cli.frame.observing import shown_progress
from nbsuite.conversions.own_weights import read_weights
from nbsuite.errors import UsageError
from nbsuite.models.checkpoint import header_in
from nbsuite.models.factory import load_factory, names_decoder
from nbsuite.tasks.locate import Source
from nbsuite.training.run_checkpoints import checkpoint_files


def planned_jobs(
    arguments: Sequence[Path],
    weights: Sequence[Path],
    name: str | None,
    sessions: Sequence[str],
    data_dir: Path,
    data: Source,
    *,
    quiet: bool,
) -> list[Job]:
    """What arguments name, each with every recording that it is to be run on.

    Args:
        arguments: references of decoders, whose code is run, and paths of checkpoints and folders.
        weights: files of weights for the one decoder of one's own.
        name: what results are to call it.
        sessions: what to run each of them on; none for the session that each was trained for.
        data_dir: the folder of recordings.
        data: real recordings or twins.
        quiet: show no progress.

    Raises:
        UsageError: the options do not fit the arguments, or no session is known.
        NbsuiteError: a decoder, a file or a recording cannot be used.
    """
    own, checkpoints = _told_apart(arguments, weights, name)
    with shown_progress(quiet=quiet) as observer:
        jobs = plan_own_jobs(own, sessions, data_dir, data, observer)
        if checkpoints:
            files = checkpoint_files(checkpoints)
            jobs += plan_jobs(files, sessions, data_dir, data, observer, named=checkpoints)
    return jobs


def _told_apart(
    arguments: Sequence[Path], weights: Sequence[Path], name: str | None
) -> tuple[list[OwnDecoder], tuple[Path, ...]]:
    """The decoders of one's own among the arguments, whose code is run, and the checkpoints.

    Raises:
        UsageError: weights or a name are given for none, or for several.
        DecoderError: a decoder cannot be imported.
        ConversionError: weights cannot be read.
    """
    references = [each for each in arguments if not each.exists() and names_decoder(str(each))]
    references += [each for each in arguments if each.suffix == ".py" and each.exists()]
    if (weights or name) and len(references) != 1:
        option = "--weights" if weights else "--name"
        raise UsageError(
            f"{option} is for one decoder of your own, and {len(references)} are named; name one, "
            "as my_decoder.py:build."
        )
    read = [Weights(path, read_weights(path), header_in(path)) for path in weights]
    own = [OwnDecoder(load_factory(str(each)), name, read) for each in references]
    return own, tuple(each for each in arguments if each not in references)
