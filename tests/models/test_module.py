"""Modules as decoders: how they are called, what is refused, and that no run leaves a trace."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import snntorch as snn
import torch
from neurobench.models import SNNTorchModel, TorchModel
from torch import Tensor, nn

from nbsuite.benchmarking.contract import check_contract
from nbsuite.errors import DecoderError
from nbsuite.models.module import SEQUENCE, STEPWISE, ModuleDecoder, ModuleSpec
from nbsuite.models.module_weights import load_weights

CHANNELS = 6
SPEC = ModuleSpec("Net", CHANNELS, 2, 0.004)


def _spikes(steps: int = 40, seed: int = 1) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return (torch.rand(steps, CHANNELS, generator=random) < 0.3).to(torch.int8)


class Base(nn.Module):
    """A layer, from which the decoders below differ in one thing each."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(CHANNELS, 2)

    def forward(self, sample: Any) -> Any:
        return self.fc(sample)


class Averaging(Base):
    """An average that decays, as explicit state."""

    def forward(self, spikes: Tensor, state: Any = None) -> Any:
        state = spikes.new_zeros(2) if state is None else state
        outputs = []
        for current in self.fc(spikes):
            state = 0.9 * state + current
            outputs.append(state)
        return torch.stack(outputs), state


class Strict(Averaging):
    """The state has to be passed."""

    def forward(self, spikes: Tensor, state: Any) -> Any:
        return super().forward(spikes, state)


class InTime(Base):
    """Samples as NeuroBench has them, (steps, 1, channels)."""

    def forward(self, batch: Tensor) -> Any:
        assert batch.ndim == 3
        return self.fc(batch)[:, 0]


class Spiking(Base):
    """Spikes and membranes, which snnTorch's networks return; NeuroBench takes the first."""

    def __init__(self) -> None:
        super().__init__()
        self.lif = snn.Leaky(0.9, init_hidden=True, output=True)

    def forward(self, sample: Tensor) -> Any:
        spikes, membranes = self.lif(self.fc(sample))
        return membranes, spikes


class Reset(Base):
    """A sum that is reset."""

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    def reset(self) -> None:
        self.total = torch.zeros(1, 2)

    def forward(self, sample: Tensor) -> Any:
        self.total += self.fc(sample)
        return self.total.clone()


def _decoder(module: Any) -> ModuleDecoder:
    torch.manual_seed(0)
    return ModuleDecoder(module, SPEC)


@pytest.mark.parametrize("kind", [Base, Averaging, Strict, InTime, Spiking, Reset])
def test_every_way_of_being_called(kind: Any) -> None:
    torch.manual_seed(0)
    module = kind()
    decoder, spikes = _decoder(module), _spikes()
    whole = decoder.decode(spikes).outputs
    first = decoder.decode(spikes[:11])
    second = decoder.decode(spikes[11:], first.state)
    again = decoder.decode(spikes[11:], first.state)  # a state serves twice
    steps = decoder.stepwise()
    one_by_one = torch.cat([steps.step(sample).outputs for sample in spikes.split(1)])
    assert torch.equal(second.outputs, again.outputs)
    torch.testing.assert_close(torch.cat([first.outputs, second.outputs]), whole)
    torch.testing.assert_close(one_by_one, whole)
    torch.testing.assert_close(decoder.decode(spikes, kernel=STEPWISE).outputs, whole)
    assert whole.abs().sum() > 0
    steps.reset()
    assert torch.equal(steps.step(spikes[:1]).outputs, one_by_one[:1])
    assert decoder.decode(spikes).outputs.shape == (40, 2)


def test_neurobenchs_wrappers() -> None:
    """SNNTorchModel resets its network in every call, so that each sample is decoded alone."""
    torch.manual_seed(0)
    module, spikes = Spiking(), _spikes()
    wrapped, plain = _decoder(SNNTorchModel(module)), _decoder(TorchModel(InTime()))
    carried = torch.cat([module(sample.float())[0] for sample in spikes.split(1)])
    assert not torch.allclose(wrapped.decode(spikes).outputs, carried)
    fresh = []
    for sample in spikes.split(1):
        module.lif.reset_mem()
        fresh.append(module(sample.float())[0])
    torch.testing.assert_close(wrapped.decode(spikes).outputs, torch.cat(fresh).detach())
    assert plain.decode(spikes).outputs.shape == (40, 2)


def test_the_users_module_is_left_alone() -> None:
    module = Reset().train()
    decoder = _decoder(module)
    decoder.decode(_spikes())
    assert module.training
    assert torch.equal(module.total, torch.zeros(1, 2))
    assert not module.fc._forward_pre_hooks
    assert len([each for each in snn.SpikingNeuron.instances if each is module]) == 0


def test_a_used_module_begins_afresh() -> None:
    torch.manual_seed(0)
    used, unused = Spiking(), Spiking()
    unused.load_state_dict(used.state_dict())
    with torch.no_grad():
        used(torch.ones(1, CHANNELS))
    spikes = _spikes()
    decoded = [ModuleDecoder(each, SPEC).decode(spikes).outputs for each in (used, unused)]
    assert torch.equal(*decoded)


def test_half_precision_is_run_as_it_is() -> None:
    decoder = _decoder(Averaging().half())
    assert decoder.dtype == torch.float16
    assert decoder.decode(_spikes()).outputs.dtype == torch.float32


class Random(Base):
    def forward(self, sample: Tensor) -> Any:
        return self.fc(sample) + torch.randn(1)


_COUNTER = [0]


class Leaking(Base):
    def forward(self, sample: Tensor) -> Any:
        _COUNTER[0] += 1
        return self.fc(sample) + _COUNTER[0]


class LeakingRows(Base):
    """State that everything shares, and that takes on the rows of a sequence."""

    shared: ClassVar[dict[str, Tensor]] = {}

    def forward(self, sample: Tensor) -> Any:
        self.shared["mean"] = self.shared.get("mean", torch.zeros(1, 2)) + self.fc(sample)
        return self.shared["mean"]


class BadReset(Reset):
    def reset(self) -> None:
        self.total = getattr(self, "total", torch.zeros(1, 2))


class FailingReset(Reset):
    def reset(self) -> None:
        if hasattr(self, "total"):
            raise RuntimeError("not now")
        super().reset()


class WrongShape(Base):
    def forward(self, sample: Tensor) -> Any:
        return self.fc(sample)[..., :1]


class WrongFanIn(Base):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(CHANNELS + 1, 2)


class Nothing(Base):
    def forward(self, sample: Tensor) -> Any:
        self.fc(sample)


class NoState(Base):
    def forward(self, spikes: Tensor, state: Any = None) -> Any:  # noqa: ARG002
        return self.fc(spikes)


class ThreeArguments(Base):
    def forward(self, spikes: Tensor, membrane: Any, synapse: Any) -> Any:  # noqa: ARG002
        return self.fc(spikes)


class Matrix(Base):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, CHANNELS))

    def forward(self, sample: Tensor) -> Any:
        return sample @ self.weight.T


class HiddenMatrix(Base):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.ones(2, CHANNELS))

    def forward(self, sample: Tensor) -> Any:
        return nn.functional.linear(sample, self.weight)


class Uncalled(Base):
    def forward(self, sample: Tensor) -> Any:
        return nn.functional.linear(sample, self.fc.weight)


class Rectified(Base):
    def forward(self, sample: Tensor) -> Any:
        return torch.relu(self.fc(sample))


class Clipped(Base):
    def __init__(self) -> None:
        super().__init__()
        self.clip = nn.ReLU6()

    def forward(self, sample: Tensor) -> Any:
        return self.clip(self.fc(sample))


class Bilinear(Base):
    def __init__(self) -> None:
        super().__init__()
        self.pair = nn.Bilinear(CHANNELS, CHANNELS, 2)

    def forward(self, sample: Tensor) -> Any:
        return self.pair(sample, sample)


class Stateless(Base):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(CHANNELS, 2)

    def forward(self, spikes: Tensor, state: Any = None) -> Any:
        state = self.cell(spikes, state)
        return state, state


class Named(Base):
    def forward(self, sample: Tensor) -> Any:
        return self.fc(input=sample)


class BatchFirst(Base):
    """Sequences in a batch of one, as PyTorch's users have them."""

    def __init__(self) -> None:
        super().__init__()
        del self.fc
        self.lstm = nn.LSTM(CHANNELS, 5, num_layers=2, batch_first=True)
        self.readout = nn.Sequential(nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 2))

    def forward(self, spikes: Tensor, state: Any = None) -> Any:
        hidden, state = self.lstm(spikes[None], state)
        return self.readout(hidden)[0], state


def test_a_batch_of_one_may_come_first() -> None:
    torch.manual_seed(0)
    decoder, spikes = ModuleDecoder(BatchFirst(), SPEC), _spikes()
    by_sequence = decoder.decode(spikes)
    assert "was given sequences" in decoder.remark
    by_steps = decoder.decode(spikes, kernel=STEPWISE)
    torch.testing.assert_close(by_sequence.outputs, by_steps.outputs)
    for calls, others in zip(by_sequence.inputs, by_steps.inputs, strict=True):
        assert [len(group[0]) for group in calls] == [40]
        assert [len(group[0]) for group in others] == [40]


class TwoWays(Base):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(CHANNELS, 1, bidirectional=True)

    def forward(self, spikes: Tensor, state: Any = None) -> Any:
        return self.gru(spikes, state)


class Compiled(Base):
    """A forward() without a signature, as TorchScript's."""

    forward = staticmethod(torch.sum)


class Quantized(Base):
    """A product of 8-bit integers, as ``torch.ao.quantization`` makes them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.ops.quantized.linear_prepack_fp16(torch.ones(2, CHANNELS), None)

    def forward(self, sample: Tensor) -> Any:
        return torch.ops.quantized.linear_dynamic_fp16(sample, self.weight)


REFUSED = [
    (Random, "decodes the same samples in two ways: it draws random numbers"),
    (Leaking, "keeps state outside of itself that leaks from one run into the next"),
    (LeakingRows, "keeps state outside of itself that leaks from one run into the next; keep all"),
    (BadReset, r"BadReset\.reset\(\) leaves state behind, which leaks .* reset all"),
    (FailingReset, r"reset\(\) fails \(RuntimeError: not now.*; let it work without arguments"),
    (WrongShape, r"returns outputs of shape \(1, 1\) for 1 step; return \(1, 2\)"),
    (WrongFanIn, r"WrongFanIn fails on spikes of shape \(1, 6\) \(RuntimeError"),
    (Nothing, r"returns nothing for 1 steps; return a tensor of shape \(1, 2\)"),
    (NoState, r"takes a state, but returns a Tensor alone; return \(outputs, state\)"),
    (ThreeArguments, "forward wants spikes, membrane, synapse; take spikes and a state"),
    (Compiled, r"Compiled\.forward is not written in Python; pass the module that it was compiled"),
    (Quantized, r"The forward\(\) of Quantized multiplies by weights without a layer"),
    (Matrix, r"The forward\(\) of Matrix holds the weights 'weight' of shape \(2, 6\)"),
    (HiddenMatrix, r"The forward\(\) of HiddenMatrix multiplies by weights without a layer"),
    (Uncalled, r"The forward\(\) of Uncalled multiplies by weights .* and call it"),
    (Rectified, r"The forward\(\) of Rectified sets values to zero .* an nn\.ReLU of its own"),
    (Clipped, r"The layer 'clip' \(ReLU6\) sets values to zero"),
    (Bilinear, r"The layer 'pair' \(Bilinear\) holds the weights 'weight'"),
    (Stateless, r"count a call of the layer 'cell' \(GRUCell\).*; pass it its state, which may be"),
    (Named, r"count a call of the layer 'fc' \(Linear\).*; pass it its input alone, by position"),
    (lambda: nn.Linear(CHANNELS, 2), "The decoder is a Linear itself, in which NeuroBench finds"),
    (TwoWays, "The layer 'gru' is a bidirectional GRU, which decodes from samples"),
]


@pytest.mark.parametrize(
    ("kind", "message"), REFUSED, ids=lambda each: getattr(each, "__name__", "")
)
def test_what_cannot_be_measured_is_refused_in_one_sentence(kind: Any, message: str) -> None:
    with pytest.raises(DecoderError, match=message) as refused:
        _decoder(kind())
    assert str(refused.value).count("\n") == 0
    findings = check_contract(kind(), SPEC)
    faults = [each.sentence for each in findings if not each.holds]
    assert len(faults) == len(set(faults)) > 0


class Smoother(Base):
    def forward(self, spikes: Tensor, state: Any = None) -> Any:  # noqa: ARG002
        decoded = self.fc(spikes)
        padded = nn.functional.pad(decoded, (0, 0, 0, 3))
        return padded.unfold(0, 4, 1).mean(dim=-1), None


class Forgetful(Averaging):
    def forward(self, spikes: Tensor, state: Any = None) -> Any:  # noqa: ARG002
        return super().forward(spikes)


@pytest.mark.parametrize("kind", [Smoother, Forgetful])
def test_a_sequence_that_differs_is_decoded_sample_by_sample(kind: Any) -> None:
    torch.manual_seed(0)
    decoder, spikes = ModuleDecoder(kind(), SPEC), _spikes()
    assert torch.equal(
        decoder.decode(spikes, kernel=SEQUENCE).outputs,
        decoder.decode(spikes, kernel=STEPWISE).outputs,
    )
    assert "given one sample at a time, for it decodes a sequence otherwise" in decoder.remark
    ahead = ["Net looks 3 samples (12 ms) ahead where it can; given single samples, it cannot."]
    remarks = [f"Net {decoder.remark}.", *(ahead if kind is Smoother else [])]
    assert decoder.notes()["remarks"] == remarks


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors.pop("fc.bias"), "'fc.bias' they lack; save its whole state_dict"),
        (lambda tensors: tensors.update(fd=tensors["fc.bias"]), "which has no 'fd'"),
        (lambda tensors: tensors.update({"fc.bias": torch.ones(3)}), r"'fc.bias' has shape \(3,\)"),
        (lambda tensors: tensors["fc.bias"].fill_(float("nan")), "'fc.bias' in w.pt is not finite"),
    ],
)
def test_weights_that_do_not_fit(change: Any, message: str) -> None:
    tensors = {name: value.clone() for name, value in Base().state_dict().items()}
    change(tensors)
    with pytest.raises(DecoderError, match=message):
        load_weights(Base(), tensors, "w.pt")


def test_weights_are_loaded_under_either_name() -> None:
    source = Base()
    for prefix in ("", "module."):
        module = Base()
        tensors = {prefix + name: value for name, value in source.state_dict().items()}
        load_weights(module, tensors, "w.pt")
        assert torch.equal(module.fc.weight, source.fc.weight)


def test_the_contract_says_what_holds() -> None:
    findings = {each.point: each for each in check_contract(Averaging(), SPEC)}
    assert all(each.holds for each in findings.values())
    assert "forward(spikes, state)" in findings["interface"].sentence
    assert "fc (Linear)" in findings["counting"].sentence
    assert "56 bytes before the first call" in findings["footprint"].sentence
    smoother = {each.point: each for each in check_contract(Smoother(), SPEC)}
    assert smoother["causality"].sentence == "It looks 3 samples (12 ms) ahead."
    assert not smoother["causality"].holds
    assert not smoother["chunks"].holds


class Infinite(Base):
    def forward(self, sample: Tensor) -> Any:
        return self.fc(sample) / 0


def test_the_contract_finds_what_is_not_finite() -> None:
    findings = {each.point: each for each in check_contract(Infinite(), SPEC)}
    assert not findings["finite"].holds
