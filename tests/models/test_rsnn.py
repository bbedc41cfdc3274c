from __future__ import annotations

from typing import Any

import pytest
import torch

from nbsuite.errors import UsageError
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.rsnn_layout import tensor_shapes
from nbsuite.models.spec import ModelSpec
from nbsuite.training.families import model_spec

# Footprint in bytes and dense operations as published (arXiv 2409.01762; tinyRSNN in half).
PUBLISHED = [
    ("tinyRSNN", 96, "float16", 21_000, 10_368),
    ("tinyRSNN", 192, "float16", 33_288, 16_512),
    ("bigRSNN", 96, "float32", 4_636_752, 1_157_120),
    ("bigRSNN", 192, "float32", 5_029_968, 1_255_424),
]


@pytest.mark.parametrize(("name", "channels", "dtype", "footprint", "dense"), PUBLISHED)
def test_sizes_are_the_published_ones(
    name: str, channels: int, dtype: str, footprint: int, dense: int
) -> None:
    decoder = RecurrentDecoder(model_spec(name, channels)).to(getattr(torch, dtype))
    stored = [*decoder.parameters(), *decoder.buffers()]
    assert sum(each.numel() * each.element_size() for each in stored) == footprint
    weights = [value for key, value in decoder.named_parameters() if key.endswith("weight")]
    assert sum(each.numel() for each in weights) == dense


@pytest.mark.parametrize("heads", [1, 5])
def test_tensor_shapes_are_those_of_the_state_dict(heads: int) -> None:
    spec = ModelSpec("other", 7, 5, (0.02, 0.01), ((0.05, 0.01),) * heads)
    state = RecurrentDecoder(spec).state_dict()
    assert tensor_shapes(spec) == {name: tuple(value.shape) for name, value in state.items()}


def test_the_velocity_is_the_mean_of_the_heads(draw_decoder: Any) -> None:
    decoder = draw_decoder(heads=5)
    decoded = decoder(torch.ones(40, 2, 96))
    assert decoded.heads.shape == (40, 5, 2, 2)
    assert decoded.outputs.shape == (40, 2, 2)
    assert torch.allclose(decoded.outputs, decoded.heads.mean(dim=1), atol=1e-6)


def test_the_readout_starts_at_minus_a_hundredth(draw_decoder: Any) -> None:
    decoder = draw_decoder()
    first = decoder(torch.zeros(1, 1, 96)).outputs[0, 0]
    assert torch.allclose(first, -0.01 * decoder.readout[0].beta)


@pytest.mark.parametrize("shape", [(5, 96), (5, 1, 95), (5, 96, 1)])
def test_input_of_another_shape_is_refused(draw_decoder: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"takes spikes of shape \(steps, batch, 96\)"):
        draw_decoder()(torch.zeros(shape))


def test_no_time_steps_are_refused(draw_decoder: Any) -> None:
    with pytest.raises(UsageError, match="no time steps"):
        draw_decoder()(torch.zeros(0, 1, 96))


def test_time_constants_can_be_learned(draw_decoder: Any) -> None:
    decoder = draw_decoder()
    random = torch.Generator().manual_seed(0)
    spikes = (torch.rand(100, 4, 96, generator=random) < 0.1).float()
    decoder(spikes).outputs.square().sum().backward()
    for name, parameter in decoder.named_parameters():
        assert parameter.grad is not None, name
        assert bool((parameter.grad != 0).any()), name


@pytest.mark.parametrize("name", ["tinyrsnn", "TINYRSNN", "tinyRSNN"])
def test_models_are_found_in_any_case(name: str) -> None:
    assert model_spec(name, 96).name == "tinyRSNN"


def test_a_mistyped_model_is_corrected() -> None:
    with pytest.raises(UsageError, match="did you mean tinyRSNN"):
        model_spec("tinyRNN", 96)


def test_a_specification_survives_json() -> None:
    spec = model_spec("bigRSNN", 192)
    assert ModelSpec.from_json(spec.to_json()) == spec
