"""The processor's instruction that finds the lowest bit set, for compiled code."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _trailing_zeros(_context: Any, word: Any) -> Any:
    """Number of zero bits below the lowest bit set of a word that is not 0."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        found = builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))
        return found if word.bitwidth == 64 else builder.zext(found, ir.IntType(64))

    return types.int64(word), generate


trailing_zeros: Any = intrinsic(_trailing_zeros)
