"""The lookahead of constructed decoders is found exactly."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import pad

from nbsuite.models.lookahead import Lookahead, lookahead_of


def _ahead(samples: int, behind: int = 5) -> object:
    """A mean over some samples before and after each."""

    def decode(spikes: Tensor) -> Tensor:
        padded = pad(spikes.float(), (0, 0, behind, samples))
        return padded.unfold(0, behind + samples + 1, 1).mean(dim=-1)[:, :2]

    return decode


@pytest.mark.parametrize("samples", [0, 1, 8, 16, 100])
def test_constructed_lookahead(samples: int) -> None:
    assert lookahead_of(_ahead(samples), 4) == Lookahead(samples, whole=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [1, 2, 7, 12, 16, 37, 50])
def test_lookahead_within_pieces(length: int) -> None:
    """The first sample of a piece sees the last one."""

    def decode(spikes: Tensor) -> Tensor:
        pieces = torch.split(spikes.float(), length)
        return torch.cat([each.mean(dim=0, keepdim=True).expand(each.shape) for each in pieces])

    assert lookahead_of(decode, 8) == Lookahead(length - 1, whole=False)


def test_whole_sequence() -> None:
    found = lookahead_of(lambda spikes: spikes.float() - spikes.float().mean(dim=0), 3)
    assert found.whole
    assert "to the end" in found.sentence(0.004)


def test_an_answer_that_never_changes_looks_at_nothing() -> None:
    assert lookahead_of(lambda spikes: torch.zeros(len(spikes), 2), 3) == Lookahead(0, whole=False)


def test_recurrent_decoders_look_at_nothing_ahead(draw_decoder: object) -> None:
    decoder = draw_decoder()  # type: ignore[operator]
    found = lookahead_of(lambda spikes: decoder.decode(spikes).outputs, decoder.spec.channels)
    assert found == Lookahead(0, whole=False)


def test_sentence() -> None:
    assert Lookahead(16, whole=False).sentence(0.004) == "looks 16 samples (64 ms) ahead"
    assert Lookahead(1, whole=False).sentence(0.004) == "looks 1 sample (4 ms) ahead"
    assert "no sample before it is there" in Lookahead(0, whole=False).sentence(0.004)
