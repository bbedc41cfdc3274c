"""Outputs that never change, of which R2 is undefined."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_LOOK = 5000


def still_outputs(labels: NDArray[np.float32], names: Iterable[str]) -> tuple[str, ...]:
    """Names of the outputs that never change in labels (steps, outputs).

    >>> still_outputs(np.array([[0.0, 1.0], [0.0, 2.0]], dtype=np.float32), ("x", "y"))
    ('x',)
    """
    if not len(labels):
        return ()
    return tuple(
        name
        for name, values in zip(names, labels.T, strict=True)
        # Most have changed by then, and the others can take longer.
        if (values[:_LOOK] == values[0]).all() and (values == values[0]).all()
    )
