from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from nbsuite.closed_loop.decoders import DecoderRules, SuiteDecoder
from nbsuite.errors import UsageError
from nbsuite.models.module import ModuleDecoder
from nbsuite.models.module_spec import ModuleSpec
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import ModelSpec


def recurrent(step=0.004, outputs=2):
    spec = ModelSpec(
        "small", 5, 4, hidden=(0.02, 0.01), readouts=((0.05, 0.01),), step=step, outputs=outputs
    )
    torch.manual_seed(0)
    return RecurrentDecoder(spec)


class Summing(nn.Module):
    """Remembers what it has seen."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(5, 2)
        self.register_buffer("seen", torch.zeros(1, 2))

    def forward(self, sample):
        self.seen = self.seen + self.layer(sample)
        return self.seen


def test_a_decoder_of_another_step_is_refused_unless_it_is_said_what_to_do():
    with pytest.raises(UsageError, match="decodes steps of 4 ms, but the loop's are 10 ms"):
        SuiteDecoder(recurrent(), 0.01)
    own = SuiteDecoder(recurrent(), 0.01, DecoderRules(step_rule="own"))
    assert own.decoder.spec.step == 0.004
    other = SuiteDecoder(recurrent(), 0.01, DecoderRules(step_rule="recomputed"))
    assert other.decoder.spec.step == 0.01
    longer, shorter = (each.decoder.layers()[0][1].beta for each in (own, other))
    np.testing.assert_allclose(shorter.detach(), longer.detach() ** 2.5, rtol=1e-5)


def test_modules_have_no_decays_to_compute_anew():
    decoder = ModuleDecoder(Summing(), ModuleSpec("summing", 5, 2, 0.004))
    with pytest.raises(UsageError, match="no time constants"):
        SuiteDecoder(decoder, 0.01, DecoderRules(step_rule="recomputed"))


def test_a_decoder_of_more_values_is_refused():
    with pytest.raises(UsageError, match="decodes 3 values, but a cursor has 2"):
        SuiteDecoder(recurrent(0.01, outputs=3), 0.01)


@pytest.mark.parametrize("reset", [False, True])
def test_state_is_kept_between_trials_unless_it_is_reset(reset):
    decoder = ModuleDecoder(Summing(), ModuleSpec("summing", 5, 2, 0.01))
    loop = SuiteDecoder(decoder, 0.01, DecoderRules(reset=reset))
    spikes = np.ones(5, dtype=np.int8)
    loop.begin_trial(0)
    first = loop.step(spikes)
    loop.begin_trial(1)
    second = loop.step(spikes)
    np.testing.assert_allclose(second, first if reset else 2 * first, rtol=1e-6)


def test_outputs_are_scaled():
    spikes = np.ones(5, dtype=np.int8)
    plain = SuiteDecoder(recurrent(0.01), 0.01)
    scaled = SuiteDecoder(recurrent(0.01), 0.01, DecoderRules(scale=3.0))
    for _ in range(20):
        np.testing.assert_array_equal(
            scaled.step(spikes), plain.step(spikes) * np.float32(3), strict=True
        )
