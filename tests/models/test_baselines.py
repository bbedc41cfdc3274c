"""What the baselines compute, and that it does not depend on the chunks."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsuite.errors import UsageError
from nbsuite.models.baselines.by_name import baseline_decoder
from nbsuite.models.baselines.spec import BASELINE_NAMES, BaselineSpec
from nbsuite.models.kinds import new_decoder, spec_from_json
from nbsuite.models.linear import LinearSpec
from tests.models.random_decoders import NAMES, random_decoder, random_spikes


@given(
    name=st.sampled_from(NAMES),
    seed=st.integers(0, 1000),
    cuts=st.lists(st.integers(1, 119), max_size=4),
)
@settings(max_examples=30)
def test_chunks_give_what_the_whole_gives(name: str, seed: int, cuts: list[int]) -> None:
    decoder, spikes = random_decoder(name, seed=seed), random_spikes(120, seed=seed)
    whole = decoder.decode(spikes)
    state, chunks = None, []
    for chunk in torch.tensor_split(spikes, sorted(set(cuts))):
        chunks.append(decoder.decode(chunk, state))
        state = chunks[-1].state
    assert torch.equal(torch.cat([chunk.outputs for chunk in chunks]), whole.outputs)
    for index in range(len(decoder.sources())):
        events = sum(torch.count_nonzero(chunk.inputs[index], dim=0) for chunk in chunks)
        assert torch.equal(events, torch.count_nonzero(whole.inputs[index], dim=0))


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_stock_layers_sample_by_sample(name: str) -> None:
    decoder, spikes = random_decoder(name, seed=3), random_spikes(150, seed=3)
    decoded, network = decoder.decode(spikes).outputs, decoder.stepwise()
    with torch.no_grad():
        for _ in range(2):
            stock = torch.cat([network.step(sample).outputs for sample in spikes.split(1)])
            assert torch.equal(decoded, stock)
            network.reset()
    assert decoded[60:].std() > 1e-3


def test_stock_networks_can_be_freed() -> None:
    from snntorch import SpikingNeuron

    before = len(SpikingNeuron.instances)
    random_decoder("SNN3").stepwise()
    assert len(SpikingNeuron.instances) == before


def test_ann2d_waits_until_its_buffer_is_full() -> None:
    decoded = random_decoder("ANN2D").decode(random_spikes(80))
    assert not decoded.outputs[:49].any()
    assert decoded.outputs[49:].all()
    assert [len(inputs) for inputs in decoded.inputs] == [31, 31, 31]


@pytest.mark.parametrize("name", ["ANN3D", "SNN3"])
def test_the_newest_sample_is_seen_one_step_later(name: str) -> None:
    decoder, spikes = random_decoder(name), random_spikes(100)
    changed = spikes.clone()
    changed[80] = 1
    differs = (decoder.decode(spikes).outputs != decoder.decode(changed).outputs).any(dim=1)
    assert differs.nonzero().flatten().min() == 81


def test_snn2_resets_to_zero_before_it_takes_in_a_current() -> None:
    decoder: Any = random_decoder("SNN2", channels=1)
    with torch.no_grad():
        decoder.fc1.weight.fill_(1.5)
        decoder.fc_out.weight.fill_(0.01)
    decoded = decoder.decode(torch.tensor([[1], [0], [1], [1]]))
    assert decoded.spikes[:, 0].tolist() == [1, 0, 1, 1]
    beta = float(decoder.lif1.beta)
    # 1.5 and a spike; reset, nothing comes in; 1.5 again; reset, and 1.5 again.
    assert decoded.state[0][0] == pytest.approx(1.5)
    decayed = decoder.decode(torch.tensor([[0], [0]]), (decoded.state[0] * 0.5, decoded.state[1]))
    assert decayed.state[0][0] == pytest.approx(0.75 * beta**2)


@pytest.mark.parametrize("name", NAMES)
def test_other_inputs_are_refused(name: str) -> None:
    decoder = random_decoder(name)
    for shape in ((5, 21), (5, 1, 20), (0, 20)):
        with pytest.raises(UsageError, match=r"takes spikes of shape \(steps, 20\)"):
            decoder.decode(torch.zeros(shape))


@pytest.mark.parametrize(
    "spec", [*(BaselineSpec(name, 96) for name in BASELINE_NAMES), LinearSpec("ridge", 96, 3, 4)]
)
def test_specs_come_back_as_they_were(spec: Any) -> None:
    assert spec_from_json(spec.to_json()) == spec
    assert new_decoder(spec).spec == spec
    assert spec.is_possible()


def test_impossible_specs() -> None:
    impossible = (
        BaselineSpec("SNN4", 96),
        BaselineSpec("SNN2", 0),
        BaselineSpec("SNN2", 10**9),
        LinearSpec("ridge", 96, 0, 4),
        LinearSpec("ridge", 96, 10**6, 10**6),
    )
    assert not any(spec.is_possible() for spec in impossible)


@pytest.mark.parametrize(
    ("name", "channels", "parameters"),
    [("SNN2", 96, 4900), ("SNN3", 96, 6138), ("ANN2D", 192, 8018), ("ANN3D", 96, 23378)],
)
def test_sizes(name: str, channels: int, parameters: int) -> None:
    decoder = baseline_decoder(BaselineSpec(name, channels))
    assert sum(value.numel() for value in decoder.parameters()) == parameters
