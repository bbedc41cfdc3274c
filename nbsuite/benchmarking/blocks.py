"""What is kept of a measurement so that it can be told how far its R2 is to be trusted."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from nbsuite.data.blocks import blocks_of
from nbsuite.data.recording import Recording
from nbsuite.statistics.block_errors import block_errors
from nbsuite.statistics.block_record import most_blocks, to_record


def record_blocks(recording: Recording, outputs: Tensor) -> dict[str, Any]:
    """The sums over blocks of a recording's test set, as provenance keeps them.

    Args:
        recording: the recording.
        outputs: (samples, outputs) what was decoded of its test set.
    """
    test = recording.test
    labels = recording.labels[test.start : test.stop].astype(np.float64)
    decoded = outputs.detach().cpu().double().numpy()
    blocks = blocks_of(recording, test, most=most_blocks(recording.outputs))
    return to_record(blocks.kind, block_errors(labels, decoded, blocks.starts.tolist()))
