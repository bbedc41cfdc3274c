"""Spike augmentation: events that are dropped, moved and added at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nbsuite.spike_events import SpikeEvents
from nbsuite.training.recipe import AugmentationRecipe

if TYPE_CHECKING:
    from nbsuite.shapes import EventSources, EventTimes, WindowStarts


def augment(
    events: SpikeEvents,
    starts: WindowStarts,
    steps: int,
    recipe: AugmentationRecipe,
    generator: np.random.Generator,
) -> tuple[SpikeEvents, WindowStarts]:
    """A batch of windows with random changes, drawn for each window anew though they overlap.

    Events are dropped, those that remain are moved in time but not beyond their window's ends,
    and spurious ones are added. Events that come to lie on the same sample and channel are one,
    but where events are counts.

    Args:
        events: input spikes of consecutive samples.
        starts: the first sample of each window.
        steps: the windows' length in samples.
        recipe: how much is changed; nothing by default.
        generator: of random numbers, used only if something is changed.

    Returns:
        Events of the batch alone, one window after another, and the windows' first samples among
        them; the arguments themselves if nothing is to be changed.
    """
    if recipe == AugmentationRecipe():
        return events, starts
    samples = len(starts) * steps
    times, sources = _events_of_windows(events, starts, steps)
    if recipe.drop:
        kept = generator.random(len(times)) >= recipe.drop
        times, sources = times[kept], sources[kept]
    if recipe.jitter:
        times = _jittered(times, steps, recipe.jitter, generator)
    cells = times * events.channels + sources
    if recipe.insert:
        total = samples * events.channels
        count = generator.binomial(total, recipe.insert)
        spurious = generator.choice(total, count, replace=False, shuffle=False)
        cells = np.concatenate([cells, spurious])
    cells = np.unique(cells) if events.binary else np.sort(cells)
    changed = SpikeEvents.at(cells, samples, events.channels)
    return changed, np.arange(len(starts), dtype=np.int64) * steps


def _events_of_windows(
    events: SpikeEvents, starts: WindowStarts, steps: int
) -> tuple[EventTimes, EventSources]:
    """Sample, counted through all windows, and channel of every event in the windows."""
    bounds = events.offsets[starts[:, None] + np.arange(steps + 1)]
    counts = np.diff(bounds, axis=1).ravel()
    times = np.repeat(np.arange(len(counts)), counts)
    # Place among all events: that of the sample's first, and on from there.
    firsts = bounds[:, :-1].ravel() - (np.cumsum(counts) - counts)
    return times, events.sources[np.arange(len(times)) + firsts[times]]


def _jittered(
    times: EventTimes, steps: int, deviation: float, generator: np.random.Generator
) -> EventTimes:
    shift = np.rint(generator.normal(0.0, deviation, len(times)))
    within = np.clip(times % steps + shift, 0, steps - 1).astype(np.int64)
    moved: NDArray[np.int64] = times - times % steps + within
    return moved
