from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.neurons.timescales import decay, parameter_of_decay

TAUS = st.floats(0.002, 0.2)


@given(parameter=st.floats(-5, 20), tau=TAUS)
def test_decay_is_the_exponential_of_its_definition(parameter: float, tau: float) -> None:
    due = math.exp(-0.004 / (tau * math.log1p(math.exp(parameter))))
    found = decay(torch.tensor(parameter, dtype=torch.float64), tau, 0.004)
    assert found.item() == pytest.approx(due, rel=1e-12, abs=1e-300)


@given(value=st.floats(0.01, 0.999), tau=TAUS)
def test_parameter_of_decay_is_the_inverse(value: float, tau: float) -> None:
    parameter = parameter_of_decay(torch.tensor(value, dtype=torch.float64), tau, 0.004)
    assert decay(parameter, tau, 0.004).item() == pytest.approx(value, rel=1e-10)


def test_decay_has_the_gradient_of_finite_differences() -> None:
    parameter = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda p: decay(p, 0.02, 0.004), parameter)
