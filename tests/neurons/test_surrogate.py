from __future__ import annotations

import pytest
import torch

from nbsuite.neurons.surrogate import superspike


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_spikes_are_strictly_above_threshold_and_keep_their_dtype(dtype: torch.dtype) -> None:
    spikes = superspike(torch.tensor([-1.0, 0.0, 1e-3], dtype=dtype))
    assert spikes.tolist() == [0.0, 0.0, 1.0]
    assert spikes.dtype == dtype


def test_gradient_is_that_of_superspike() -> None:
    distance = torch.tensor([-0.5, 0.0, 0.1], dtype=torch.float64, requires_grad=True)
    superspike(distance).sum().backward()
    assert distance.grad is not None
    assert distance.grad.tolist() == pytest.approx([1 / 121, 1.0, 1 / 9])
