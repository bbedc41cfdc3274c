"""What is known of the real sessions, and how close a twin has to come.

Exact figures are the session's own. Of the others, channel rates were measured on I2 and are
compared relative to the mean, the label's deviation on I1, and the rest on indy_20160927_04
(30 sorted units, 389 s), by the same measures. Its movements say nothing of monkey Loco; its units'
rates and Fano factors grow with a session's events, which are given, and are asked of I1 alone.
Tolerances allow for what differs between sessions; they are wide where one session's figure is all
there is.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbsuite.data.sessions import Session
from nbsuite.data.twins.plan import plan_twin


@dataclass(frozen=True)
class Expectation:
    """One figure: its name, its real value, and how far a twin's may lie from it."""

    name: str
    real: float
    tolerance: float

    def holds(self, value: float) -> bool:
        """Whether a twin's ``value`` is close enough."""
        return abs(value - self.real) <= self.tolerance * (1 + 1e-9)


_CHANNELS: dict[str, tuple[float, float]] = {
    "silent channels, share": (6 / 96, 0.012),
    "channels under 7 % of the mean rate, share": (9 / 96, 0.02),
    "channel rate p25 / mean": (0.254, 0.05),
    "channel rate p50 / mean": (0.478, 0.08),
    "channel rate p75 / mean": (1.543, 0.15),
    "channel rate p95 / mean": (3.21, 0.3),
    "channel rate max / mean": (3.75, 0.5),
}

_INDYS_MOVEMENTS: dict[str, tuple[float, float]] = {
    "interval median, s": (1.16, 0.08),
    "interval p5, s": (0.90, 0.06),
    "interval p95, s": (1.68, 0.25),
    "interval mean while reaching, s": (1.22, 0.08),
    "velocity x SD, cm/s": (8.0, 1.0),
    "velocity y SD, cm/s": (7.5, 1.0),
    "velocity x kurtosis": (10.65, 3.0),
    "velocity y kurtosis": (8.81, 3.0),
    "velocity x-y correlation": (0.04, 0.08),
    "speed median, cm/s": (1.9, 0.4),
    "speed p95, cm/s": (26.9, 3.0),
    "speed max, cm/s": (58.8, 20.0),
    "time above 5 cm/s": (0.32, 0.05),
    "time above 1 cm/s": (0.62, 0.07),
    "velocity x autocorrelation at 50 ms": (0.90, 0.04),
    "velocity y autocorrelation at 50 ms": (0.92, 0.04),
    "velocity x autocorrelation at 100 ms": (0.67, 0.08),
    "velocity y autocorrelation at 100 ms": (0.74, 0.08),
    "velocity x autocorrelation at 150 ms": (0.43, 0.09),
    "velocity y autocorrelation at 150 ms": (0.54, 0.09),
    "velocity x autocorrelation at 200 ms": (0.24, 0.09),
    "velocity y autocorrelation at 200 ms": (0.35, 0.09),
    "velocity x autocorrelation at 300 ms": (0.05, 0.09),
    "velocity y autocorrelation at 300 ms": (0.12, 0.09),
}

_FIRING: dict[str, tuple[float, float]] = {
    "unit rate min, Hz": (2.3, 0.5),
    "unit rate mean, Hz": (14.6, 4.0),
    "unit rate median, Hz": (10.4, 4.0),
    "unit rate max, Hz": (48.8, 12.0),
    "Fano factor at 10 ms": (0.87, 0.08),
    "Fano factor at 50 ms": (1.07, 0.15),
    "Fano factor at 100 ms": (1.39, 0.2),
    "Fano factor at 200 ms": (1.89, 0.25),
    "Fano factor at 500 ms": (2.75, 0.4),
    "Fano factor at 1000 ms": (3.2, 0.5),
}

_TUNING: dict[str, tuple[float, float]] = {
    "principal component 1": (0.365, 0.08),
    "principal component 2": (0.061, 0.025),
    "principal component 3": (0.044, 0.025),
    "principal component 4": (0.037, 0.02),
    "principal component 5": (0.034, 0.02),
    "drift, CV over ten parts": (0.09, 0.03),
    "encoding R2 of a unit, mean": (0.12, 0.04),
    "encoding R2 of a unit, min": (0.02, 0.02),
    "encoding R2 of a unit, max": (0.26, 0.12),
    "count correlation": (0.18, 0.06),
    "count correlation after kinematics": (0.117, 0.045),
    "lead at the peak, ms": (150, 25),
    "R2 at +50 ms / peak": (0.905, 0.2),
    "R2 at +250 ms / peak": (0.66, 0.2),
    "rate in speed fifth 1 / mean": (0.636, 0.12),
    "rate in speed fifth 2 / mean": (0.762, 0.12),
    "rate in speed fifth 3 / mean": (0.925, 0.12),
    "rate in speed fifth 4 / mean": (1.112, 0.15),
    "rate in speed fifth 5 / mean": (1.565, 0.25),
    "ridge R2": (0.41, 0.07),
}


def expectations(session: Session, fraction: float = 1.0) -> list[Expectation]:
    """What `tests.data.twin_figures.measure.measure` should find in a twin of ``session``.

    Raises:
        UsageError: there is no such twin.
    """
    plan = plan_twin(session, fraction)
    exact = {
        "channels": plan.channels,
        "steps": plan.steps,
        "test steps": plan.test_steps,
        "test events": plan.test_events,
        "reaches": plan.segments,
        "target pitch, mm": 15.0,
        "target columns": 8,
        "target rows": 8,
    }
    close = _CHANNELS | _TUNING
    if session.subject == "indy":
        close = close | _INDYS_MOVEMENTS
    if session.id == "I1":
        close = close | _FIRING | {"label SD, mm/sample": (0.27, 0.02)}
    return [
        *(Expectation(name, real, 0.0) for name, real in exact.items()),
        *(Expectation(name, *figures) for name, figures in close.items()),
    ]
