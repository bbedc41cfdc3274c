"""Options that several commands share: declared once, so that they mean the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from click.shell_completion import CompletionItem

from nbsuite.data.folders import DATA_VARIABLE, data_folder, with_home
from nbsuite.data.sessions import PUBLIC_SESSIONS
from nbsuite.tasks.known import find_session, means_a_path
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

Function = TypeVar("Function", bound=Callable[..., Any])
Decorator = Callable[[Function], Function]

DATA_SOURCES = ("auto", "real", "twin")
KERNELS = ("auto", "reference", "numba")
TRAINING_KERNELS = (*KERNELS, "triton")


def json_option() -> Decorator[Any]:
    """``--json``, passed as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def force_option(what: str = "files") -> Decorator[Any]:
    """``--force``: replace what is there already."""
    return click.option("--force", is_flag=True, help=f"Replace {what} that are there already.")


def own_decoder_options(function: Function) -> Function:
    """``--weights`` and ``--name`` of a decoder of one's own."""
    decorators: list[Decorator[Any]] = [
        click.option(
            "--weights",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Weights of a decoder of your own: a state dict (.pt) or .safetensors; one for"
            " each run.",
        ),
        click.option("--name", help="What results call it.  [default: the name of its class]"),
    ]
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


def own_code_options(function: Function) -> Function:
    """``--metric``, ``--preprocess`` and ``--postprocess`` of one's own.

    They are passed as ``own_metrics``, ``preprocessors`` and ``postprocessors``.
    """
    decorators: list[Decorator[Any]] = [
        click.option(
            "--metric",
            "own_metrics",
            multiple=True,
            metavar="FILE.py:CLASS",
            help="Metric of your own, a class of NeuroBench's kinds: my_metrics.py:Jerk, or"
            " package.module:Jerk; may be repeated. Its code is run.",
        ),
        click.option(
            "--preprocess",
            "preprocessors",
            multiple=True,
            metavar="FILE.py:CLASS",
            help="Preprocessor that the spikes go through first; may be repeated. Its code is run,"
            " and results are named after it.",
        ),
        click.option(
            "--postprocess",
            "postprocessors",
            multiple=True,
            metavar="FILE.py:CLASS",
            help="Postprocessor that what is decoded goes through; may be repeated. Its code is"
            " run, and results are named after it.",
        ),
    ]
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


def data_dir_option() -> Decorator[Any]:
    """``--data-dir``, passed as ``data_dir``: always a path, the default folder where not given."""
    return click.option(
        "--data-dir",
        "data_dir",
        type=click.Path(file_okay=False, path_type=Path),
        envvar=DATA_VARIABLE,
        show_envvar=True,
        callback=_data_dir,
        help="Folder of recordings and twins.  [default: the platform's data folder]",
    )


def _data_dir(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path:
    del ctx, parameter
    return data_folder(with_home(value) if value is not None else None)


def data_option() -> Decorator[Any]:
    """``--data``, passed as ``data``: one of DATA_SOURCES."""
    return click.option(
        "--data",
        type=_DataSource(DATA_SOURCES),
        default="auto",
        show_default=True,
        help="Real recordings, or twins made from published statistics; auto: the real recording"
        " where it is there, otherwise its twin.",
    )


class _DataSource(click.Choice[str]):
    """A choice that says what a folder belongs to, which ``--data`` once meant in one command."""

    def fail(
        self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None
    ) -> NoReturn:
        """End with the message.

        Raises:
            click.BadParameter: always.
        """
        remedy = "the folder of recordings is named with --data-dir."
        super().fail(f"{message.removesuffix('.')}; {remedy}", param, ctx)


def session_option() -> Decorator[Any]:
    """``--session`` (repeatable), passed as ``session``: a tuple of ids, names or paths.

    A mistyped name fails with the closest ones, before anything heavy begins.
    """
    return click.option(
        "--session",
        "-s",
        multiple=True,
        callback=_check_sessions,
        shell_complete=_complete_session,
        help="Session id or name (see `nbsuite sessions`), or a file; may be repeated.",
    )


def session_arguments(*, words: tuple[str, ...] = (), required: bool = True) -> Decorator[Any]:
    """``SESSIONS...``, passed as ``sessions``: a tuple of ids, names or paths.

    Args:
        words: words that are accepted besides, such as "all".
        required: at least one has to be named.
    """

    def check(
        ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]
    ) -> tuple[str, ...]:
        _check_sessions(ctx, parameter, tuple(value for value in values if value not in words))
        return values

    def complete(
        ctx: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        matching = [CompletionItem(word) for word in words if word.startswith(incomplete)]
        return matching + _complete_session(ctx, parameter, incomplete)

    return click.argument(
        "sessions", nargs=-1, required=required, callback=check, shell_complete=complete
    )


def _check_sessions(
    ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    del parameter
    if not ctx.resilient_parsing:
        for value in values:
            if not means_a_path(value):
                find_session(value)
    return values


def _complete_session(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Ids and names that begin with ``incomplete``; files once it looks like a path."""
    del ctx, parameter
    if means_a_path(incomplete):
        return [CompletionItem(incomplete, type="file")]
    ids = [
        CompletionItem(session.label, help=session.name) for session in PRIMATE_REACHING.sessions
    ]
    names = [CompletionItem(session.name) for session in PUBLIC_SESSIONS]
    wanted = incomplete.lower()
    return [item for item in ids + names if item.value.lower().startswith(wanted)]


def kernel_option(*, training: bool = False) -> Decorator[Any]:
    """``--kernel``, passed as ``kernel``: one of KERNELS, or of TRAINING_KERNELS."""
    text = "How neurons are computed: step by step in torch (reference) or compiled (numba)."
    if training:
        text = (
            "How neurons are computed: step by step in torch (reference), compiled (numba, on the"
            " CPU), or fused on a GPU (triton, for at most 128 neurons; its results are tested,"
            " but it was never timed on a GPU).  auto: numba on the CPU, reference elsewhere."
        )
    return click.option(
        "--kernel",
        type=click.Choice(TRAINING_KERNELS if training else KERNELS),
        default="auto",
        show_default=True,
        help=text,
    )


def device_option() -> Decorator[Any]:
    """``--device``, passed as ``device``: a torch device's name, not yet checked."""
    return click.option(
        "--device", default="cpu", show_default=True, help="Torch device: cpu, cuda, cuda:1, ..."
    )


def output_option(
    what: str, *, folder: bool = False, default: Path | None = None
) -> Decorator[Any]:
    """``-o``/``--output``, passed as ``output``: a path or, without a default, None.

    Args:
        what: what is written there, as the help page puts it.
        folder: the path is a folder.
        default: where to write when not given.
    """
    return click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=folder, file_okay=not folder, path_type=Path),
        default=default,
        show_default=default is not None,
        help=what,
    )
