"""Export to stock snnTorch layers, for people who do not have nbsuite.

:mod:`nbsuite.conversions.stock_decoder` defines the network and says how it relates to ours. An
export is its weights and a copy of that very file.
"""

from __future__ import annotations

import copy
import inspect
import json
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import save_file
from torch import Tensor

from nbsuite.conversions import stock_decoder
from nbsuite.conversions.origin import recurrent_decoder
from nbsuite.conversions.stock_decoder import StockDecoder
from nbsuite.files import atomic_write
from nbsuite.models.checkpoint import Checkpoint
from nbsuite.models.rsnn import RecurrentDecoder

SCRIPT_NAME = "stock_decoder.py"


def to_stock(decoder: RecurrentDecoder, dtype: torch.dtype = torch.float32) -> StockDecoder:
    """The equivalent network of stock snnTorch layers, in evaluation mode.

    It computes what ``decoder`` computes in ``dtype``; half-precision weights are widened, since
    stock layers cannot run in half precision.

    Args:
        decoder: the decoder; it is left as it is.
        dtype: float32 or float64.
    """
    spec = decoder.spec
    source = copy.deepcopy(decoder).to(device="cpu", dtype=dtype)
    stock = StockDecoder(spec.channels, spec.neurons, len(spec.readouts), spec.outputs).to(dtype)
    with torch.no_grad():
        weights = source.parameters_for_kernel()
        layer = weights.layers[0]
        alpha, beta = layer.neurons.alpha, layer.neurons.beta
        tensors = {
            "input.weight": _fold(layer.input, beta),
            "hidden.recurrent.weight": _fold(cast("Tensor", layer.recurrent), beta),
            "hidden.alpha": alpha,
            "hidden.beta": beta,
        }
        for head, (output, (alpha, beta)) in enumerate(
            zip(weights.outputs, weights.readouts, strict=True)
        ):
            tensors[f"output.{head}.weight"] = _fold(output, beta)
            tensors[f"readout.{head}.alpha"] = alpha
            tensors[f"readout.{head}.beta"] = beta
        stock.load_state_dict(stock.state_dict() | tensors)
    return stock.eval()


def export_stock(checkpoint: Checkpoint, path: Path) -> Path:
    """Write the stock network's weights to ``path`` and, beside them, the file that runs them.

    Returns:
        The Python file.

    Raises:
        CheckpointError: the decoder is of another kind, which snnTorch has no layers for.
        OSError: the folder cannot be written, or the disk is full.
    """
    decoder = recurrent_decoder(checkpoint, "exported to stock snnTorch layers")
    header = checkpoint.header
    origin = {
        "model": header.spec.name,
        "session": header.session,
        "seed": header.seed,
        "weights_digest": checkpoint.digest,
        "trained_on": header.trained_on.to_json(),
    }
    stock = to_stock(decoder)
    with atomic_write(path) as temporary:
        save_file(stock.state_dict(), temporary, {"nbsuite_stock": json.dumps(origin)})
    script = path.parent / SCRIPT_NAME
    with atomic_write(script) as temporary:
        temporary.write_bytes(stock_script())
    return script


def stock_script() -> bytes:
    """The Python source that runs an exported network without nbsuite."""
    return inspect.getsource(stock_decoder).encode()


def _fold(weight: Tensor, beta: Tensor) -> Tensor:
    """Rows times (1 - beta): the membrane equation's factor moved into the weights."""
    return (1 - beta).unsqueeze(1) * weight
