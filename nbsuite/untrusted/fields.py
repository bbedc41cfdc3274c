"""Plain values, such as JSON gives, as dataclasses whose fields have the types annotated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from nbsuite.untrusted.fault import FormatFault

Record = TypeVar("Record")


def decode(cls: type[Record], values: Any) -> Record:
    """A dataclass from a dict of its fields; fields that have a default may be missing.

    Nothing is converted but what JSON cannot tell apart: lists become tuples where these are due,
    and whole numbers stand for numbers. ``True`` is no number.

    Args:
        cls: a dataclass, whose fields may be dataclasses.
        values: what stands for it.

    Raises:
        FormatFault: it is no dict, or a field is missing, unknown or of another type.
    """
    import msgspec  # whoever reads nothing of strangers does without it

    if not isinstance(values, dict):
        raise FormatFault("is no object of fields")
    known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    if unknown := sorted(map(str, values.keys() - known)):
        raise FormatFault(f"has the unknown field {unknown[0][:100]!a}")
    try:
        return msgspec.convert(values, cls)
    except (msgspec.ValidationError, RecursionError) as error:
        raise FormatFault(f"does not fit: {error}") from error


def decode_known(cls: type[Record], values: Mapping[str, Any]) -> Record:
    """As :func:`decode`, of a dict that may have other fields too, which are not looked at.

    Raises:
        FormatFault: a field is missing or of another type.
    """
    known = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    return decode(cls, {name: values[name] for name in known if name in values})
