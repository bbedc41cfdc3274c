"""The oracle of the loading tests: NeuroBench's own dataset, called directly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LoadOracle = Callable[[Path], Any]


@pytest.fixture(scope="session")
def oracle() -> LoadOracle:
    """Function that loads a file with NeuroBench's PrimateReaching, as the challenge does."""
    from neurobench.datasets.primate_reaching import PrimateReaching

    def load(path: Path) -> Any:
        return PrimateReaching(
            file_path=str(path.parent),
            filename=path.name,
            num_steps=1,
            train_ratio=0.5,
            bin_width=0.004,
            biological_delay=0,
            remove_segments_inactive=False,
            download=False,
        )

    return load
