"""Write submission packages of random decoders on six short twins, and unpack them.

    python scripts/write_challenge_package.py FOLDER

FOLDER/tinyRSNN and FOLDER/bigRSNN then hold a package each (half and single precision, two seeds),
FOLDER/data/twins the recordings. `tox -e challenge` runs the packages' evaluate.py on them, on the
versions that the organisers of the challenge named.
"""

from __future__ import annotations

import argparse
import zipfile
from pathlib import Path

import torch

from nbsuite.benchmarking.session import measure_checkpoint
from nbsuite.data.twins.generate import ensure_twin
from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.submissions.package.build import pack
from nbsuite.submissions.results import challenge
from nbsuite.tasks.opening import load_recording
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.training.families import model_spec

SUBMISSION = """\
team = "Nobody"
authors = ["Nobody"]
contact = "nobody@example.org"
track = "trade-off"
model = "{model}"
licence = "CC0-1.0"
description = "Random weights, which decode nothing."
"""
FRACTION = 0.01
SEEDS = (1, 2)
PRECISION = {"tinyRSNN": torch.float16, "bigRSNN": torch.float32}
WEIGHT_SCALE = {"tinyRSNN": 1.0, "bigRSNN": 0.3}
"""Spread of the random weights at which hidden neurons fire now and then."""


def draw_decoder(model: str, channels: int, seed: int) -> RecurrentDecoder:
    """A decoder with random weights."""
    random = torch.Generator().manual_seed(seed)
    decoder = RecurrentDecoder(model_spec(model, channels))
    with torch.no_grad():
        for name, value in decoder.named_parameters():
            scale = WEIGHT_SCALE[model] if "weight" in name else 0.5
            value.normal_(0.0, scale, generator=random)
    return decoder.to(PRECISION[model]).eval()


def measure_all(model: str, folder: Path) -> None:
    """Draw and measure decoders of all sessions: checkpoints and results below ``folder``."""
    for number, session in enumerate(PRIMATE_REACHING.sessions):
        recording = load_recording(
            ensure_twin(session, folder / "data", fraction=FRACTION), session=session
        )
        results = []
        for seed in SEEDS:
            decoder = draw_decoder(model, session.channels, 10 * number + seed)
            path = folder / "runs" / f"{model}_{session.name}_seed{seed}.safetensors"
            save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, session.name, seed))
            results.append(measure_checkpoint(load_checkpoint(path), recording)[0])
        challenge.write_results(folder / "results", results)


def main() -> None:
    """Write and unpack one package a model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    for model in PRECISION:
        measure_all(model, folder)
        toml = folder / f"{model}.toml"
        toml.write_text(SUBMISSION.format(model=model), encoding="utf-8")
        package = folder / f"{model}.zip"
        pack([folder / "results", folder / "runs"], toml, package, allow_twins=True, force=True)
        with zipfile.ZipFile(package) as archive:
            archive.extractall(folder / model)
        print(f"Wrote {package} and unpacked it beside it.")


if __name__ == "__main__":
    main()
