"""Whether two decoders' R2 differ significantly, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nbsuite.submissions.results.decoders import DecoderR2
from nbsuite.submissions.results.differences import Difference, Finding
from nbsuite.submissions.results.formats import Value
from nbsuite.submissions.results.protocols import number_word

UNKNOWN = (
    "cannot be told: it takes results of both on two sessions or more, or their errors reach by"
    " reach on the same recordings, which files of earlier versions lack; measure both again with"
    " `nbsuite benchmark --force`."
)
"""What a sentence ends with where nothing can be compared."""


def p_text(p: float) -> str:
    """A probability as people read it."""
    return f"{p:.3f}" if p >= 0.0005 else "< 0.001"


def finding_values(finding: Finding) -> dict[str, Value]:
    """All of an answer for programs."""
    told = finding.comparison
    return {
        "difference": told.difference,
        "low": told.interval.low,
        "high": told.interval.high,
        "test": told.test,
        "pairs": told.pairs,
        "p": told.p_value,
        "p_corrected": finding.corrected,
        "effect": told.effect,
        "effect_size": told.effect_size,
        "significant": finding.significant,
    }


def sentence(difference: Difference) -> str:
    """What can be said of two decoders, in a plain sentence."""
    one, other = difference.first.name, difference.second.name
    found = difference.decisive
    if found is None:
        return f"Whether {one} and {other} differ {UNKNOWN}"
    told = found.comparison
    here = found is difference.on_recordings
    where = " on these recordings" if here else ""
    amount = (
        f"{told.difference:+.3f} in R2 (95 % interval {told.interval.low:+.3f} to"
        f" {told.interval.high:+.3f}), p {'' if found.corrected < 0.0005 else '= '}"
        f"{p_text(found.corrected)}."
    )
    if not found.significant:
        return f"No difference can be claimed between {one} and {other}{where}: {amount}"
    said = "better" if told.difference > 0 else "worse"
    beyond = " Of other sessions this says nothing." if here else ""
    return f"{one} decodes {said} than {other}{where}: {amount}{beyond}"


def explanations(found: Sequence[Difference], *, twin: bool) -> list[str]:
    """What a reader should know of such answers, each once.

    Args:
        found: what is shown.
        twin: whether they are about twins.
    """
    notes = [*dict.fromkeys(_tests(found)), *dict.fromkeys(_limits(found))]
    counts = [
        sum(finding is not None for finding in answers)
        for answers in (
            [each.over_sessions for each in found],
            [each.on_recordings for each in found],
        )
    ]
    if max(counts, default=0) > 1:
        families = " and ".join(str(count) for count in dict.fromkeys(counts) if count)
        notes.append(
            f"p is corrected for {families} comparisons by Holm's method: one in twenty such"
            " tables, not one in twenty of its rows, claims a difference that there is not."
        )
    if twin:
        notes.append("All of it was measured on TWINS, which say nothing of a brain.")
    return notes


def _tests(found: Sequence[Difference]) -> Iterator[str]:
    """The tests that decide, and what they answer."""
    for each in found:
        if each.over_sessions is not None:
            told = each.over_sessions.comparison
            yield (
                f"On sessions like these: {told.test}, a pair a session; effect size:"
                f" {told.effect}."
            )
    for each in found:
        if each.on_recordings is not None:
            told = each.on_recordings.comparison
            yield (
                f"On these recordings alone: {told.test}, a pair a reach (or trial); effect size:"
                f" {told.effect}."
            )
            if any(_one_seed(decoder, each.recordings) for decoder in (each.first, each.second)):
                yield "Of a decoder with one seed that is about the one that was trained."


def _one_seed(decoder: DecoderR2, recordings: Sequence[str]) -> bool:
    return any(decoder.blocks[name].seeds == 1 for name in recordings)


def _limits(found: Sequence[Difference]) -> Iterator[str]:
    """How small p can be over so few sessions, and that this may claim nothing."""
    for each in found:
        if each.over_sessions is None:
            continue
        told, smallest = each.over_sessions.comparison, each.over_sessions.attainable
        if told.smallest_p is None or smallest is None:
            continue
        corrected = "" if smallest == told.smallest_p else f", corrected {p_text(smallest)}"
        verdict = (
            "."
            if each.over_sessions.in_reach
            else ": whatever the difference, it cannot be significant at .05 over them."
        )
        yield (
            f"Of {number_word(told.pairs)} sessions the smallest p is"
            f" {p_text(told.smallest_p)}{corrected}{verdict}"
        )
