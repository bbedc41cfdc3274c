"""Do decoders come out in the same order, and as far apart, on a twin as on the real session?

    python benchmarks/twin_order.py FOLDER                          the 30-unit twin, seeds 1 to 5
    python benchmarks/twin_order.py FOLDER --twin I1 --fraction 0.25 --seed 1
    python benchmarks/twin_order.py FOLDER --recording indy_20160927_04.mat

Trains five decoders from random weights (`nbsuite train`, fine-tuning alone), measures them with
NeuroBench's metrics and split, and prints their test R2: mean, standard deviation and each seed's.
Seed k is decoder k on twin k; of a recording, decoder k. What is finished lies in FOLDER as JSON
and is not trained again: the script may be stopped and given again, and run twice at once with
other --decoder or --seed. With one thread, bigRSNN takes seven minutes a seed on the 30-unit twin,
the others less than one.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from nbsuite.data.twins.generate import write_planned_twin, write_twin
from nbsuite.data.twins.plan import SORTED_SESSION, plan_of_sorted_session
from nbsuite.tasks.known import find_session
from nbsuite.twin_info import GENERATOR_VERSION, TwinInfo


@dataclass(frozen=True)
class Decoder:
    """A row of the table.

    Attributes:
        label: what the table calls it.
        options: arguments of `nbsuite train`.
        real: test R2 on the real session indy_20160927_04, the mean of its seeds.
    """

    label: str
    options: tuple[str, ...]
    real: float


_ALONE = ("--stages", "finetune", "--threads", "1")
_TINY = ("tinyRSNN", *_ALONE)
_SMALL_BATCH = ("--set", "training.batch=32")

DECODERS = {
    "ridge": Decoder("ridge on lagged counts", ("ridge",), 0.413),
    "feedforward": Decoder(
        "64 LIF neurons, feed-forward, batch 32",
        (*_TINY, *_SMALL_BATCH, "--set", "model.recurrent=false"),
        0.489,
    ),
    "tiny250": Decoder("tinyRSNN, batch 250", _TINY, 0.491),
    "tiny32": Decoder("tinyRSNN, batch 32", (*_TINY, *_SMALL_BATCH), 0.578),
    "big": Decoder(
        "bigRSNN, batch 50, 60 epochs",
        ("bigRSNN", *_ALONE, "--set", "training.batch=50", "--epochs", "60"),
        0.668,
    ),
}


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--twin", default=SORTED_SESSION, show_default=True, help="Session to make twins of.")
@click.option("--fraction", default=1.0, show_default=True, help="Share of a session's length.")
@click.option(
    "--recording",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A real recording, to be measured in place of twins.",
)
@click.option(
    "--seed", "seeds", multiple=True, type=int, default=(1, 2, 3, 4, 5), show_default=True
)
@click.option("--decoder", "chosen", multiple=True, type=click.Choice(list(DECODERS)))
def main(
    folder: Path,
    twin: str,
    fraction: float,
    recording: Path | None,
    seeds: tuple[int, ...],
    chosen: tuple[str, ...],
) -> None:
    """Measure what is missing in FOLDER, and print the table of what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    name = recording.stem if recording else f"{twin}-fraction{fraction:g}-v{GENERATOR_VERSION}"
    for key in chosen or DECODERS:
        for seed in seeds:
            done = folder / f"{name}-{key}-seed{seed}.json"
            if not done.exists():
                figure = _measured(DECODERS[key], seed, recording, twin, fraction)
                done.write_text(json.dumps({"r2": figure}))
                click.echo(f"{done.stem}: {figure:.3f}", err=True)
    _show(folder, name, seeds, others=recording is None and twin != SORTED_SESSION)


def _measured(
    decoder: Decoder, seed: int, recording: Path | None, twin: str, fraction: float
) -> float:
    """Test R2 of a decoder on a recording, or on the twin of that seed."""
    with tempfile.TemporaryDirectory() as scratch:
        path = recording or _made(Path(scratch), twin, fraction, seed)
        command = [str(Path(sys.executable).with_name("nbsuite")), "train", *decoder.options]
        command += ["-s", str(path), "-o", f"{scratch}/runs", "--json", "--quiet"]
        if decoder.options[0] != "ridge":
            command += ["--seed", str(seed)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(json.loads(done.stdout)["results"][0]["values"]["r2"])


def _made(folder: Path, twin: str, fraction: float, seed: int) -> Path:
    """The twin of that seed, generated."""
    if twin == SORTED_SESSION:
        path = folder / f"{SORTED_SESSION}-twin-seed{seed}.mat"
        info = TwinInfo(SORTED_SESSION, 1.0, seed, GENERATOR_VERSION)
        write_planned_twin(plan_of_sorted_session(), info, path)
        return path
    session = find_session(twin)
    path = folder / f"{session.name}-twin-seed{seed}.mat"
    write_twin(session, path, fraction=fraction, seed=seed)
    return path


def _show(folder: Path, name: str, seeds: Sequence[int], *, others: bool) -> None:
    """Print the table of every figure in ``folder``; of other sessions no real ones are known."""
    click.echo(f"{name}, test R2\n\n| decoder | real session | here | SD | each seed |")
    click.echo("|---|---|---|---|---|")
    for key, decoder in DECODERS.items():
        files = [folder / f"{name}-{key}-seed{seed}.json" for seed in seeds]
        found = [json.loads(file.read_text())["r2"] for file in files if file.exists()]
        if not found:
            continue
        spread = f"{statistics.stdev(found):.3f}" if len(found) > 1 else ""
        each = " ".join(f"{value:.3f}" for value in found)
        real = "" if others else f"{decoder.real:.3f}"
        click.echo(
            f"| {decoder.label} | {real} | {statistics.mean(found):.3f} | {spread} | {each} |"
        )


if __name__ == "__main__":
    main()
