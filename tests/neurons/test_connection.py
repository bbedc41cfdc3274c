from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.neurons.connection import Connection


@given(fan_in=st.integers(1, 200), seed=st.integers(0, 2**31))
def test_half_precision_sums_exactly_and_rounds_once(fan_in: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    weights = random.normal(0, 1, (3, fan_in)).astype(np.float16)
    spikes = random.random((5, fan_in)) < 0.5
    connection = Connection(fan_in, 3).half()
    connection.load_state_dict({"weight": torch.from_numpy(weights)})
    with torch.no_grad():
        found = connection(torch.from_numpy(spikes.astype(np.float16))).numpy()
    due = [[sum(int(w * 2**24) for w in row[s].astype(float)) for row in weights] for s in spikes]
    assert np.array_equal(found, (np.array(due, dtype=float) / 2**24).astype(np.float16))


def test_single_precision_is_a_linear_layer_without_bias() -> None:
    connection = Connection(4, 2)
    spikes = torch.rand(3, 4)
    assert torch.equal(connection(spikes), spikes @ connection.weight.T)
    assert [name for name, _ in connection.named_parameters()] == ["weight"]
