"""The names under which stork stores a recurrent decoder.

stork's connections register the neuron groups they join as their own submodules, so that a state
dict lists a group's time constants once under its own name and again under ``con<n>.src``,
``con<n>.dst`` and, for the last group of tinyRSNN, ``output_group``. ``mem_param`` and
``syn_param`` are the unconstrained parameters behind beta and alpha.

Source: the checkpoints of github.com/fmi-basel/neural-decoding-RSNN.
"""

from __future__ import annotations

from nbsuite.models.spec import ModelSpec

INPUT_WEIGHT = "con1.op.weight"
_DECAYS = {"mem_param": "beta", "syn_param": "alpha"}


def stork_layout(spec: ModelSpec) -> dict[str, str]:
    """Every key of stork's state dict, in its order, with our name of the same tensor.

    The first key with a given name is the tensor's own, later ones are repetitions.
    """
    layout = {
        **_group("group2", "hidden"),
        **_group("con1.dst", "hidden"),
        INPUT_WEIGHT: "input.weight",
        **_group("con2.src", "hidden"),
        **_group("con2.dst", "hidden"),
        "con2.op.weight": "hidden.recurrent.weight",
    }
    for head in range(len(spec.readouts)):
        number = head + 3
        layout |= {
            **_group(f"group{number}", f"readout.{head}", "_readout"),
            **_group(f"con{number}.src", "hidden"),
            **_group(f"con{number}.dst", f"readout.{head}", "_readout"),
            f"con{number}.op.weight": f"output.{head}.weight",
        }
    if len(spec.readouts) == 1:  # several readouts end in a group without parameters, their mean
        layout |= _group("output_group", "readout.0", "_readout")
    return layout


def _group(prefix: str, layer: str, suffix: str = "") -> dict[str, str]:
    return {
        f"{prefix}.{key}{suffix}": f"{layer}.parametrizations.{decay}.original"
        for key, decay in _DECAYS.items()
    }
