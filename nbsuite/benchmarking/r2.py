"""NeuroBench's R2 for any number of outputs.

NeuroBench's metric is written for two: it takes the mean of the R2 of the first and the second. So
each output is given to a metric of its own, as both of them, and the mean taken over outputs.
"""

from __future__ import annotations

from typing import Any

from neurobench.metrics import workload
from torch import Tensor


class R2(workload.R2):  # type: ignore[misc]
    """R2, the mean over outputs; of two outputs it is NeuroBench's own, untouched."""

    def __init__(self) -> None:
        super().__init__()
        self._each: list[Any] = []

    def reset(self) -> None:
        """Forget all samples."""
        super().reset()
        self._each = []

    def __call__(self, model: Any, preds: Tensor, data: tuple[Tensor, Tensor]) -> float:
        """Add a batch; R2 so far.

        Args:
            model: what decoded it.
            preds: (samples, outputs) decoded values.
            data: the input and the labels (samples, outputs).
        """
        outputs = preds.shape[1]
        if outputs == 2:
            return float(super().__call__(model, preds, data))
        if not self._each:
            self._each = [workload.R2() for _ in range(outputs)]
        for index, metric in enumerate(self._each):
            twice = [index, index]
            metric(model, preds[:, twice], (data[0], data[1][:, twice]))
        return self.compute()

    def compute(self) -> float:
        """R2 of all samples."""
        if not self._each:
            return float(super().compute())
        return float(sum(metric.compute() for metric in self._each) / len(self._each))
