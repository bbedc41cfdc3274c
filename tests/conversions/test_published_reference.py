"""The published checkpoints, where the folder NBSUITE_REFERENCE is a clone of their repository.

That is https://github.com/fmi-basel/neural-decoding-RSNN; checkpoints that a clone lacks are left
out, but there must be some.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
import torch

from nbsuite.conversions.stork import read_stork, write_stork
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.submissions.package.checkpoints import static_figures
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

PUBLISHED_NAMES = {"tinyRSNN": "tinyRSNN", "bigRSNN": "maxR2"}
FOLDERS = {
    f"{session.subject}{int((session.id or '')[1:]):02d}": session
    for session in PRIMATE_REACHING.sessions
}


@pytest.fixture
def clone() -> Path:
    if "NBSUITE_REFERENCE" not in os.environ:
        pytest.skip("NBSUITE_REFERENCE names no clone of the publication's repository")
    return Path(os.environ["NBSUITE_REFERENCE"])


def _checkpoints(clone: Path, folder: str, model: str) -> list[Path]:
    return sorted((clone / "models" / folder).glob(f"{model}-*.pth"))


def _figures(path: Path, tmp_path: Path) -> dict[str, float]:
    """Static figures of a checkpoint, which has been there and back."""
    decoder, header = read_stork(path)
    assert header.session == FOLDERS[path.parent.name].name
    again = tmp_path / path.name
    write_stork(decoder, again)
    before, after = (
        torch.load(each, map_location="cpu", weights_only=True) for each in (path, again)
    )
    assert list(before) == list(after)
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert isinstance(decoder, RecurrentDecoder)
    return static_figures(decoder)


def test_there_are_checkpoints(clone: Path) -> None:
    assert any(_checkpoints(clone, folder, "tinyRSNN") for folder in FOLDERS)


@pytest.mark.parametrize("model", PUBLISHED_NAMES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_static_figures(clone: Path, tmp_path: Path, model: str, folder: str) -> None:
    paths = _checkpoints(clone, folder, model)
    if not paths:
        pytest.skip(f"the clone has no checkpoints of {model} for {folder}")
    session = FOLDERS[folder].name
    results = clone / "results" / f"results_{PUBLISHED_NAMES[model]}_{session}.json"
    published = json.loads(results.read_text())
    for metric in ("footprint", "dense", "connection_sparsity"):
        measured = Counter(round(_figures(path, tmp_path)[metric], 4) for path in paths)
        # The published lists are in the order of a folder, not of seeds.
        assert measured <= Counter(round(value, 4) for value in published[metric])
