"""Names and shapes of a recurrent decoder's tensors."""

from __future__ import annotations

from collections.abc import Iterable

from nbsuite.models.spec import ModelSpec
from nbsuite.neurons.cells import CELLS


def tensor_shapes(spec: ModelSpec) -> dict[str, tuple[int, ...]]:
    """Names and shapes of ``RecurrentDecoder(spec).state_dict()``, without building it."""
    shapes: dict[str, tuple[int, ...]] = {}
    adapts = CELLS[spec.cell].adapts
    for index, (source, layer) in enumerate(layer_keys(spec)):
        shapes[f"{source}.weight"] = (spec.neurons, spec.neurons if index else spec.channels)
        if spec.recurrent:
            shapes[f"{layer}.recurrent.weight"] = (spec.neurons, spec.neurons)
        shapes |= _decay_shapes(layer, spec.neurons, ("alpha", "beta") + ("rho",) * adapts)
        if adapts:
            shapes[f"{layer}.strength"] = (spec.neurons,)
    for head in range(len(spec.readouts)):
        shapes[f"output.{head}.weight"] = (spec.outputs, spec.neurons)
        shapes |= _decay_shapes(f"readout.{head}", spec.outputs, ("alpha", "beta"))
    return shapes


def layer_keys(spec: ModelSpec) -> list[tuple[str, str]]:
    """Names of each hidden layer's input connection and of the layer itself."""
    return [
        ("input" if index == 0 else f"input{index + 1}", layer)
        for index, layer in enumerate(spec.layer_names)
    ]


def _decay_shapes(layer: str, neurons: int, names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    return {f"{layer}.parametrizations.{name}.original": (neurons,) for name in names}
