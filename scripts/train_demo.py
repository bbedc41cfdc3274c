"""Train the decoder of ``nbsuite demo``: a tinyRSNN on a tenth of I1's twin, in a minute or two.

    python scripts/train_demo.py

A plain run, kept short on purpose: the reference kernel's autograd, Adam, one session, no
pretraining and no pruning. It shows that the pieces fit, not how good a tinyRSNN can be.
"""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import dropout, relu

from nbsuite.benchmark.runner import run_benchmark
from nbsuite.data.recording import Recording, Split, load_recording
from nbsuite.data.stream import StreamDataset
from nbsuite.data.twin import GENERATOR_VERSION, ensure_twin
from nbsuite.demo import CHECKPOINT_NAME, SESSION, TWIN_FRACTION, TWIN_SEED
from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
from nbsuite.models.registry import model_spec
from nbsuite.models.rsnn import Decoded, RecurrentDecoder
from nbsuite.neurons.timescales import TimeConstants
from nbsuite.sessions import STEP_SECONDS, find_session

DESTINATION = Path(__file__).parents[1] / "nbsuite" / "demo" / CHECKPOINT_NAME


@dataclass(frozen=True)
class DemoRecipe:
    """Everything that decides the outcome of the run.

    Initialisation and regularisers follow Rossbroich, Gygax and Zenke (2022) and Liu et al.
    (2024), arXiv 2409.01762, in simple form.
    """

    script: str = "scripts/train_demo.py"
    twin_fraction: float = TWIN_FRACTION
    twin_seed: int = TWIN_SEED
    twin_generator: int = GENERATOR_VERSION
    seed: int = 1
    epochs: int = 30
    batch: int = 50
    window_steps: int = 500
    offset_steps: int = 100
    learning_rate: float = 0.01
    input_dropout: float = 0.3
    sigma_u: float = 0.5
    alpha_mix: float = 0.9
    fewest_spikes: float = 0.001
    fewest_spikes_strength: float = 100.0
    most_spikes: float = 10.0
    most_spikes_strength: float = 0.01


def initialise(decoder: RecurrentDecoder, hertz: float, recipe: DemoRecipe) -> None:
    """Draw weights that make membranes fluctuate by ``sigma_u`` below threshold.

    A connection from N sources that fire at ``hertz`` gets weights of variance
    sigma_u^2 share / (N hertz e), e being the energy of one spike's effect on the membrane.
    """
    energy = _response_energy(TimeConstants(*decoder.spec.hidden))
    shares = ((decoder.input, recipe.alpha_mix), (decoder.hidden.recurrent, 1 - recipe.alpha_mix))
    for connection, share in shares:
        variance = recipe.sigma_u**2 * share / (connection.in_features * hertz * energy)
        torch.nn.init.normal_(connection.weight, std=variance**0.5)
    for connection, _ in decoder.heads():
        torch.nn.init.normal_(connection.weight, std=connection.in_features**-0.5)
    for name, parameter in decoder.hidden.named_parameters():
        if name.startswith("parametrizations"):
            torch.nn.init.uniform_(parameter)


def _response_energy(tau: TimeConstants) -> float:
    """Integral over time of the squared membrane response to one input spike of weight 1."""
    steps = np.arange(1, round(10 * max(tau) / STEP_SECONDS))
    alpha, beta = np.exp(-STEP_SECONDS / tau.synapse), np.exp(-STEP_SECONDS / tau.membrane)
    response = (1 - beta) * (beta**steps - alpha**steps) / (beta - alpha)
    return float(STEP_SECONDS * np.square(response).sum())


def cut_windows(recording: Recording, part: Split, recipe: DemoRecipe) -> tuple[Tensor, Tensor]:
    """Windows of a part of the recording, cut anew from each offset.

    Returns:
        Input events (steps, windows, channels) int8 and velocities (steps, windows, 2) float32.
    """
    steps = recipe.window_steps
    starts = [
        start
        for offset in range(0, steps, recipe.offset_steps)
        for start in range(part.start + offset, part.stop - steps + 1, steps)
    ]
    spikes = [torch.from_numpy(recording.spikes(start, start + steps)) for start in starts]
    labels = [torch.tensor(recording.labels[start : start + steps]) for start in starts]
    return torch.stack(spikes, dim=1), torch.stack(labels, dim=1)


def loss_of(decoded: Decoded, velocity: Tensor, recipe: DemoRecipe) -> Tensor:
    """Root mean squared error, plus a price on neurons that are silent or, together, too busy."""
    error = (decoded.velocity - velocity).square().mean().sqrt()
    counts = decoded.spikes.sum(dim=0)
    too_few = relu(recipe.fewest_spikes - counts).square().mean()
    too_many = relu(counts.mean(dim=1) - recipe.most_spikes).square().mean()
    few, many = recipe.fewest_spikes_strength, recipe.most_spikes_strength
    return error + few * too_few + many * too_many


def train(
    recording: Recording, recipe: DemoRecipe
) -> Iterator[tuple[RecurrentDecoder, dict[str, float]]]:
    """Train and yield, after each epoch, the decoder and its figures on the validation part."""
    torch.manual_seed(recipe.seed)
    decoder = RecurrentDecoder(model_spec("tinyRSNN", recording.channels))
    spikes, velocity = cut_windows(recording, recording.train, recipe)
    hertz = float(spikes.float().mean()) / STEP_SECONDS
    initialise(decoder, hertz, recipe)
    optimiser = torch.optim.Adam(decoder.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.epochs)
    for _epoch in range(recipe.epochs):
        for chosen in torch.randperm(spikes.shape[1]).split(recipe.batch):
            inputs = dropout(spikes[:, chosen].float(), recipe.input_dropout)
            loss = loss_of(decoder(inputs), velocity[:, chosen], recipe)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
        yield decoder, measure(decoder, recording, recording.validation)


def measure(decoder: RecurrentDecoder, recording: Recording, part: Split) -> dict[str, Any]:
    """NeuroBench's R2 and activation sparsity on a part of the recording."""
    samples = StreamDataset(recording, part)
    return run_benchmark(decoder, samples, metrics=["r2", "activation_sparsity"]).values


def train_best(recording: Recording, recipe: DemoRecipe) -> RecurrentDecoder:
    """Train, print every epoch, and return the decoder of the best one in half precision."""
    best, best_r2, start = None, -np.inf, time.perf_counter()
    for epoch, (decoder, figures) in enumerate(train(recording, recipe), start=1):
        click.echo(
            f"epoch {epoch:3d}  validation R2 {figures['r2']:.3f}  activation sparsity"
            f" {figures['activation_sparsity']:.3f}  {time.perf_counter() - start:4.0f} s"
        )
        if figures["r2"] > best_r2:
            best, best_r2 = copy.deepcopy(decoder), figures["r2"]
    if best is None:
        raise click.ClickException("R2 was never a number: change the recipe.")
    return best.half().eval()


@click.command()
@click.option("--epochs", default=DemoRecipe.epochs, show_default=True, help="Passes of training.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), default=DESTINATION
)
def main(epochs: int, output: Path) -> None:
    """Train the decoder of `nbsuite demo` on a tenth of I1's twin."""
    torch.set_num_threads(1)  # the tensors are small: threads would wait for each other
    recipe = DemoRecipe(epochs=epochs)
    session = find_session(SESSION)
    with tempfile.TemporaryDirectory() as folder:
        path = ensure_twin(
            session, Path(folder), fraction=recipe.twin_fraction, seed=recipe.twin_seed
        )
        recording = load_recording(path, use_cache=False)
    decoder = train_best(recording, recipe)
    tested = measure(decoder, recording, recording.test)
    click.echo(f"test, in half precision: {tested}")
    save_checkpoint(
        output,
        decoder,
        CheckpointHeader(decoder.spec, session.name, recipe.seed, recipe=asdict(recipe)),
    )
    click.echo(f"written: {output}")


if __name__ == "__main__":
    main()
