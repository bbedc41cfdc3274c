"""What a user's decoder has to hold to, checked point by point and said in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from nbsuite.errors import DecoderError
from nbsuite.models.module import STEPWISE, ModuleDecoder
from nbsuite.models.module_checks import (
    check_operations,
    check_repetition,
    random_spikes,
    returns_to_its_start,
)
from nbsuite.models.module_interface import (
    Interface,
    Model,
    device_of,
    dtype_of,
    find_interface,
    net_of,
)
from nbsuite.models.module_run import NO_SEQUENCES, ModuleRun, copy_of, fault_of_sequences, reset
from nbsuite.models.module_spec import ModuleSpec

STEPS = 300
"""Steps that are decoded in different ways."""


@dataclass(frozen=True)
class Finding:
    """One point of the contract.

    Attributes:
        point: what it is about, in a word or two.
        holds: whether the decoder holds to it.
        sentence: what was found.
    """

    point: str
    holds: bool
    sentence: str


def check_contract(model: Model, spec: ModuleSpec) -> list[Finding]:
    """Check a user's module; all points after one that it cannot be run without are left out.

    Args:
        model: the module; it is left as it is.
        spec: its name and sizes.
    """
    try:
        probe = copy_of(model)
        reset(net_of(probe))
        interface = find_interface(probe, spec.channels, spec.outputs)
    except DecoderError as error:
        return [Finding("interface", False, str(error))]
    findings = [Finding("interface", True, _call(interface)), _dtype(model)]
    try:
        ModuleRun(model, interface, device_of(model))
    except DecoderError as error:
        return [*findings, Finding("counting", False, str(error))]
    findings.append(
        _held(
            "determinism",
            lambda: check_repetition(model, interface, spec.channels),
            "The same samples are decoded alike, to the bit, in every run.",
        )
    )
    findings.append(_reset(model, interface, spec.channels))
    counted = _held(
        "counting", lambda: check_operations(model, interface, spec.channels), "NeuroBench sees it."
    )
    if not (counted.holds and findings[2].holds):
        return [*findings, *([] if counted.holds else [counted])]
    return [*findings, *_of_decoder(ModuleDecoder(model, spec))]


def _of_decoder(decoder: ModuleDecoder) -> Iterator[Finding]:
    """What is found by decoding."""
    spikes = random_spikes(decoder.spec.channels, STEPS)
    outputs = decoder.decode(spikes, kernel=STEPWISE).outputs
    finite = bool(torch.isfinite(outputs).all())
    yield Finding(
        "finite",
        finite,
        "What it decodes is finite."
        if finite
        else "It decodes values that are infinite or no numbers; look for divisions by 0 and for "
        "states that grow.",
    )
    yield _sequences(decoder)
    yield _causality(decoder)
    yield _counted(decoder)
    yield _footprint(decoder)


def _call(interface: Interface) -> str:
    shape = "(steps, 1, channels)" if interface.sample_axis else "(steps, channels)"
    if interface.passes_state:
        return f"It is called as forward(spikes, state) with spikes of shape {shape}."
    return f"It is called as forward(spikes) with spikes of shape {shape}, and keeps its state."


def _dtype(model: Model) -> Finding:
    name = str(dtype_of(model)).removeprefix("torch.")
    return Finding(
        "dtype", True, f"Its numbers are {name}: so it is run and its footprint counted."
    )


def _reset(model: Model, interface: Interface, channels: int) -> Finding:
    try:
        returns = returns_to_its_start(model, interface, channels)
    except DecoderError as error:
        return Finding("reset", False, str(error))
    if returns:
        return Finding("reset", True, "Reset, it decodes as if it had never decoded before.")
    return Finding(
        "reset",
        False,
        "It keeps state that nothing resets. The benchmark starts each run with a copy; your own "
        "code cannot: give it a reset().",
    )


def _held(point: str, check: Callable[[], None], sentence: str) -> Finding:
    try:
        check()
    except DecoderError as error:
        return Finding(point, False, str(error))
    return Finding(point, True, sentence)


def _sequences(decoder: ModuleDecoder) -> Finding:
    fault = fault_of_sequences(
        decoder.running(), decoder.check_input(random_spikes(decoder.spec.channels, STEPS))
    )
    if fault is None:
        text = f"A sequence of {STEPS} steps, whole or cut in two, comes out as its samples do one"
        return Finding("chunks", True, f"{text} by one: it is given sequences, which is fast.")
    if fault == NO_SEQUENCES:
        return Finding("chunks", True, "It takes one sample at a time, and is given one at a time.")
    return Finding("chunks", False, f"It {fault}: it is given one sample at a time.")


def _causality(decoder: ModuleDecoder) -> Finding:
    found = decoder.within_sequences()
    if found is None:
        return Finding("causality", True, "Given one sample at a time, it sees none ahead.")
    return Finding("causality", not found.samples, f"It {found.sentence(decoder.spec.step)}.")


def _counted(decoder: ModuleDecoder) -> Finding:
    layers = decoder.running().layers
    synapses = ", ".join(f"{name} ({type(layer).__name__})" for name, layer in layers.connections)
    neurons = ", ".join(f"{name} ({type(layer).__name__})" for name, layer in layers.activations)
    sparsity = f"sparsity of {neurons}" if neurons else "no activations, whose sparsity is 0"
    if not synapses:
        return Finding("counting", False, "It has no layer whose operations NeuroBench counts.")
    return Finding("counting", True, f"NeuroBench counts operations of {synapses}; {sparsity}.")


def _footprint(decoder: ModuleDecoder) -> Finding:
    values = (*decoder.module.parameters(), *decoder.module.buffers())
    before = sum(each.numel() * each.element_size() for each in values)
    decoder.decode(random_spikes(decoder.spec.channels), kernel=STEPWISE)
    after = decoder.footprint_in_use
    text = f"{before:,} bytes before the first call, when NeuroBench measures it"
    return Finding("footprint", True, f"{text}; {after:,} in use.")
