"""Metrics of a user's own: classes of NeuroBench's kinds, by path or as they are.

NeuroBench runs them as it runs its own, after these, on the whole test set in one batch. A class
may say more of its figure with attributes: ``more_is_better``, ``unit``, ``digits``, ``heading``.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurobench.metrics.abstract import AccumulatedMetric, StaticMetric, WorkloadMetric

from nbsuite.benchmarking.quantities import METRIC_NAMES, QUANTITIES, Quantity, metric_name
from nbsuite.errors import BenchmarkError, UsageError
from nbsuite.named_code import (
    NamedCode,
    Purpose,
    load_named,
    reported,
    with_article,
    with_source,
)

Metric = type[StaticMetric] | type[WorkloadMetric]

_METRIC = Purpose("metric", "Metric", UsageError)
_KINDS = "StaticMetric, WorkloadMetric or AccumulatedMetric of neurobench.metrics.abstract"


@dataclass(frozen=True)
class OwnMetric:
    """A metric of a user's own.

    Attributes:
        quantity: what it measures.
        code: where it comes from.
        metric: the class that NeuroBench is given: the user's, which hands NeuroBench its own
            tensors, and takes nothing but finite numbers from it.
    """

    quantity: Quantity
    code: NamedCode
    metric: Metric

    @property
    def reported_as(self) -> str:
        """The name under which NeuroBench reports it, which no metric of its own has."""
        return self.metric.__name__

    def to_json(self) -> dict[str, Any]:
        """What provenance tells of it."""
        quantity = self.quantity
        return {
            "code": self.code.reference,
            "sha256": self.code.sha256,
            "heading": quantity.heading,
            "unit": quantity.unit,
            "digits": quantity.digits,
            "more_is_better": quantity.more_is_better,
        }


def load_metrics(metrics: Sequence[str | Metric]) -> tuple[OwnMetric, ...]:
    """The metrics named.

    Args:
        metrics: each ``my_metrics.py:Jerk``, ``package.module:Jerk``, or the class itself.

    Raises:
        UsageError: one is not there, is none, cannot be made, or is called as another is.
    """
    loaded = tuple(map(_loaded, metrics))
    keys = [each.quantity.key for each in loaded]
    for each in loaded:
        if keys.count(each.quantity.key) > 1:
            raise UsageError(
                f"Two metrics would be called {each.quantity.key}; rename the class of one of them."
            )
    return loaded


def _loaded(metric: str | Metric) -> OwnMetric:
    if isinstance(metric, str):
        found = load_named(metric, _METRIC)
        if found is None:
            raise UsageError(
                f"'{metric}' names no code; pass my_metrics.py:Jerk or package.module:Jerk."
                f" Metrics of NeuroBench ({', '.join(METRIC_NAMES)}) belong to --metrics."
            )
        code = found
    else:
        name = getattr(metric, "__qualname__", str(metric))
        code = with_source(f"{getattr(metric, '__module__', '?')}:{name}", metric, metric)
    _check_kind(code)
    quantity = _quantity(code)
    if quantity.key in {*QUANTITIES, *METRIC_NAMES}:
        raise UsageError(
            f"{code.reference} would be called {quantity.key}, as a metric of NeuroBench is; rename"
            " the class."
        )
    return OwnMetric(quantity, code, _guarded(code, quantity.key))


def _check_kind(code: NamedCode) -> None:
    """Make sure that it is a metric that NeuroBench can make.

    Raises:
        UsageError: it is not.
    """
    value = code.value
    if not (inspect.isclass(value) and issubclass(value, (StaticMetric, WorkloadMetric))):
        kind = f"the class {value.__name__}" if inspect.isclass(value) else with_article(value)
        raise UsageError(f"{code.reference} is {kind}, not a metric; derive a class from {_KINDS}.")
    with reported(f"{code.reference} cannot be made without arguments", UsageError):
        value()


def _quantity(code: NamedCode) -> Quantity:
    """The figure, with what the class says of it.

    Raises:
        UsageError: what it says is of another type.
    """
    key = metric_name(code.value.__name__)
    told = {
        name: getattr(code.value, name)
        for name, kind in _TOLD.items()
        if _is_told(code, name, kind)
    }
    return Quantity(
        key,
        str(told.get("heading", key)),
        more_is_better=told.get("more_is_better"),
        unit=str(told.get("unit", "")),
        digits=told.get("digits", 4),
        published_digits=told.get("digits", 4),
        lowest=None,
        static=issubclass(code.value, StaticMetric),
    )


_TOLD: Mapping[str, type] = {"more_is_better": bool, "unit": str, "digits": int, "heading": str}
_MOST_DIGITS = 15


def _is_told(code: NamedCode, name: str, kind: type) -> bool:
    """Whether a class has an attribute.

    Raises:
        UsageError: it has, of another type, or of impossible digits.
    """
    value = getattr(code.value, name, None)
    if value is None:
        return False
    if type(value) is not kind or (isinstance(value, int) and not 0 <= value <= _MOST_DIGITS):
        due = f"a whole number up to {_MOST_DIGITS}" if kind is int else f"of type {kind.__name__}"
        raise UsageError(f"{code.reference}.{name} is {value!r}; make it {due}, or leave it out.")
    return True


def _guarded(code: NamedCode, key: str) -> Metric:
    """The user's class, that fails loudly and cannot change what other metrics are given."""
    user: Any = code.value

    def call(self: Any, model: Any, *data: Any) -> float:
        with reported(f"The metric {code.reference} fails", BenchmarkError):
            value = user.__call__(self, model, *map(_copied, data))
        return _number(value, code)

    attributes: dict[str, Any] = {"__call__": call}
    if issubclass(user, WorkloadMetric):
        # Of a class whose constructor does not call its parent's.
        attributes["_requires_hooks"] = True
    if issubclass(user, AccumulatedMetric):

        def reset(self: Any) -> None:
            with reported(f"The metric {code.reference} fails", BenchmarkError):
                user.reset(self)

        attributes["reset"] = reset
    guarded: Metric = type(f"own {key}", (user,), attributes)
    return guarded


def _copied(value: Any) -> Any:
    """Tensors of one's own to change."""
    if isinstance(value, tuple):
        return tuple(map(_copied, value))
    return value.clone() if hasattr(value, "clone") else value


def _number(value: Any, code: NamedCode) -> float:
    """A metric's value.

    Raises:
        BenchmarkError: it is no finite number.
    """
    shape = getattr(value, "shape", None)
    is_number = isinstance(value, (int, float)) or (
        shape is not None and len(shape) == 0 and hasattr(value, "item")
    )
    number = value.item() if is_number and hasattr(value, "item") else value
    if not is_number or isinstance(number, (bool, complex)):
        told = "" if not shape else f" of shape {tuple(shape)}"
        raise BenchmarkError(
            f"The metric {code.reference} returns {with_article(value)}{told}, not a number; return"
            " a float."
        )
    if not math.isfinite(number):
        raise BenchmarkError(
            f"The metric {code.reference} returns {number}, which is not finite; mend it there, or"
            " leave it out."
        )
    return float(number)
