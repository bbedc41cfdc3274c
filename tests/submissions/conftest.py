"""A small submission: six short twins, two decoders each, measured and packed.

Fixtures import what they need, so that tests without them run without torch.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

SEEDS = (1, 2)
FRACTION = 0.005
FILLED_IN = {
    "team": "The Decoders",
    "authors": "A. Author",
    "contact": "a@example.org",
    "licence": "MIT",
    "description": "Random weights.",
}


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory, draw_decoder: Callable[..., object]) -> Path:
    """A folder with ``data/`` (twins), ``runs/`` (checkpoints) and ``results/``."""
    from nbsuite.benchmarking.session import measure_checkpoint
    from nbsuite.data.twins.generate import ensure_twin
    from nbsuite.models.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
    from nbsuite.submissions.results import challenge
    from nbsuite.tasks.opening import load_recording
    from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

    folder = tmp_path_factory.mktemp("measured")
    for number, session in enumerate(PRIMATE_REACHING.sessions):
        twin = ensure_twin(session, folder / "data", fraction=FRACTION)
        recording = load_recording(twin, session=session, cache=folder / "cache")
        results = []
        for seed in SEEDS:
            decoder = draw_decoder(
                channels=session.channels, seed=10 * number + seed, dtype="float16"
            )
            path = folder / "runs" / session.label / f"seed{seed}.safetensors"
            header = CheckpointHeader(decoder.spec, session.name, seed, recipe={"epochs": 3})
            save_checkpoint(path, decoder, header)
            results.append(measure_checkpoint(load_checkpoint(path), recording)[0])
        challenge.write_results(folder / "results", results)
    return folder


@pytest.fixture(scope="session")
def submission_toml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled-in submission.toml."""
    from nbsuite.submissions.package.submission import TEMPLATE

    text = TEMPLATE
    for name, value in FILLED_IN.items():
        empty = {"authors": '[""]', "description": '"""\n"""'}.get(name, '""')
        full = f'["{value}"]' if name == "authors" else json.dumps(value)
        assert f"{name} = {empty}" in text
        text = text.replace(f"{name} = {empty}", f"{name} = {full}")
    path = tmp_path_factory.mktemp("team") / "submission.toml"
    path.write_text(text)
    return path


@pytest.fixture(scope="session")
def package(
    tmp_path_factory: pytest.TempPathFactory, measured: Path, submission_toml: Path
) -> Path:
    """The packed submission. Shared by all tests: copy it before changing it."""
    from nbsuite.submissions.package.build import pack

    path = tmp_path_factory.mktemp("packed") / "team.zip"
    pack([measured / "results", measured / "runs"], submission_toml, path, allow_twins=True)
    return path
