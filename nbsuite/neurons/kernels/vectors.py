"""Vectors of numbers for compiled code, as wide as the processor's registers or wider.

numba turns a loop over arrays into vector instructions only where LLVM can prove, or check at run
time, that no two of them overlap; a loop over ten arrays stays scalar. Here a vector is a value
that is loaded, computed with, and stored, and LLVM splits it into whatever registers there are:

    @njit
    def scale(values, factor):
        for first in range(0, values.size, LANES):
            store(values, first, load(values, first) * splat(factor))

An index counts elements from an array's first, whatever its shape. Arrays are contiguous, and
nothing checks that a vector lies within one. Vectors of the same numbers and length can be added,
subtracted, multiplied and divided, whole numbers also combined bit by bit. A comparison gives a
vector of truth values, for :func:`where` and :func:`bits_of`. Operations keep their order and are
rounded one by one, but for :func:`multiply_add`.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

LANES = 16
"""Numbers of a vector: as many in single precision as fit the widest registers there are."""

WIDE_LANES = 64
"""Numbers of a wide vector: four such registers, so that one need not wait for another."""

_WORD = ir.IntType(32)


class Vector(types.Type):
    """numba's type of a vector of numbers or truth values."""

    def __init__(self, scalar: types.Type, lanes: int) -> None:
        self.scalar, self.lanes = scalar, lanes
        super().__init__(name=f"Vector({scalar}, {lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    """A vector is one of LLVM's, in which a truth value takes a bit."""

    def __init__(self, manager: Any, kind: Vector) -> None:
        is_truth = kind.scalar == types.boolean
        scalar = ir.IntType(1) if is_truth else manager.lookup(kind.scalar).get_value_type()
        super().__init__(manager, kind, ir.VectorType(scalar, kind.lanes))  # type: ignore[no-untyped-call]


def _address(context: Any, builder: Any, array: types.Array, value: Any, index: Any) -> Any:
    """The address of an element of an array."""
    return builder.gep(context.make_array(array)(context, builder, value).data, [index])


def _alignment(context: Any, array: types.Array) -> int:
    """Vectors are aligned as the array's elements are."""
    size: int = context.get_abi_sizeof(context.get_data_type(array.dtype))
    return size


def _loader(lanes: int) -> Any:
    def load(_context: Any, array: types.Array, _index: types.Integer) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            place = _address(context, builder, array, *arguments)
            kind = context.get_value_type(signature.return_type).as_pointer()
            return builder.load(builder.bitcast(place, kind), align=_alignment(context, array))

        return Vector(array.dtype, lanes)(array, types.intp), generate

    return intrinsic(load)


def _splatter(lanes: int) -> Any:
    def splat(_context: Any, scalar: types.Number) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            kind = ir.VectorType(arguments[0].type, lanes)
            nothing = ir.Constant(kind, ir.Undefined)
            first = builder.insert_element(nothing, arguments[0], _WORD(0))
            zeros = ir.Constant(ir.VectorType(_WORD, lanes), None)
            return builder.shuffle_vector(first, nothing, zeros)

        return Vector(scalar, lanes)(scalar), generate

    return intrinsic(splat)


load, load_wide = _loader(LANES), _loader(WIDE_LANES)
"""``load(array, index)``: the vector of the elements from ``index`` on."""

splat, splat_wide = _splatter(LANES), _splatter(WIDE_LANES)
"""``splat(number)``: the vector of one number."""


def _store(_context: Any, array: types.Array, _index: types.Integer, vector: Vector) -> Any:
    """Write a vector's numbers to the elements from an index on; they are of the same type."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = _address(context, builder, array, *arguments[:2])
        place = builder.bitcast(place, arguments[2].type.as_pointer())
        builder.store(arguments[2], place, align=_alignment(context, array))
        return context.get_dummy_value()

    return (
        (types.void(array, types.intp, vector), generate) if vector.scalar == array.dtype else None
    )


def _prefetch(_context: Any, array: types.Array, _index: types.Integer) -> Any:
    """Have the cache line of an element fetched, which may lie outside the array."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.bitcast(_address(context, builder, array, *arguments), cgutils.voidptr_t)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, _WORD, _WORD, _WORD])
        # LLVM 14 knows it by this name only, and later ones still do.
        function = _function(builder, kind, "llvm.prefetch.p0i8")
        to_read, into_all_caches, data = _WORD(0), _WORD(3), _WORD(1)
        builder.call(function, [place, to_read, into_all_caches, data])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


def _multiply_add(_context: Any, first: Vector, second: Vector, third: Vector) -> Any:
    """``first * second + third``, rounded once where the processor can."""
    return first(first, second, third), _generate_call("llvm.fmuladd")


def _where(_context: Any, truth: Vector, first: Vector, second: Vector) -> Any:
    """The numbers of ``first`` where ``truth`` holds, else those of ``second``."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return first(truth, first, second), generate


def _bits_of(_context: Any, truth: Vector) -> Any:
    """A vector's truth values as the bits of a 64-bit word, the first as the lowest."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word = builder.bitcast(arguments[0], ir.IntType(truth.lanes))
        return word if truth.lanes == 64 else builder.zext(word, ir.IntType(64))

    return types.uint64(truth), generate


def _in_double_precision(_context: Any, vector: Vector) -> Any:
    """A vector's numbers in double precision."""
    doubles = Vector(types.float64, vector.lanes)

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        if vector == doubles:
            return arguments[0]
        return builder.fpext(arguments[0], context.get_value_type(doubles))

    return doubles(vector), generate


def _function(builder: Any, kind: ir.FunctionType, name: str) -> Any:
    """One of LLVM's own functions."""
    return cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]


def _generate_call(name: str) -> Any:
    """Code that calls one of LLVM's functions of vectors of one type."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        suffix = "f32" if kind.element == ir.FloatType() else "f64"
        called = ir.FunctionType(kind, [kind] * len(arguments))
        function = _function(builder, called, f"{name}.v{kind.count}{suffix}")
        return builder.call(function, arguments)

    return generate


def _define_operator(symbol: Any, of_floats: str | None, of_words: str | None) -> None:
    """Let an operator of Python's stand for an instruction on vectors of one type, if there is."""

    def operation(_context: Any, first: Vector, second: Vector) -> Any:
        instruction = of_floats if isinstance(first.scalar, types.Float) else of_words
        if instruction is None:
            return None

        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments)

        return first(first, second), generate

    _overload(symbol, intrinsic(operation))


def _define_comparison(symbol: Any, sign: str) -> None:
    """Let a comparison of Python's compare vectors of one type."""

    def comparison(_context: Any, first: Vector, second: Vector) -> Any:
        ordered = "fcmp_ordered" if isinstance(first.scalar, types.Float) else "icmp_unsigned"

        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return getattr(builder, ordered)(sign, *arguments)

        return Vector(types.boolean, first.lanes)(first, second), generate

    _overload(symbol, intrinsic(comparison))


def _overload(symbol: Any, implementation: Any) -> None:
    @overload(symbol, strict=False)
    def choose(first: Any, second: Any) -> Any:
        if isinstance(first, Vector) and first == second:
            return lambda first, second: implementation(first, second)
        return None


_define_operator(operator.add, "fadd", "add")
_define_operator(operator.sub, "fsub", "sub")
_define_operator(operator.mul, "fmul", "mul")
_define_operator(operator.truediv, "fdiv", None)
_define_operator(operator.and_, None, "and_")
_define_operator(operator.xor, None, "xor")
_define_operator(operator.rshift, None, "lshr")
_define_comparison(operator.gt, ">")
_define_comparison(operator.ge, ">=")


def _absolute(_context: Any, vector: Vector) -> Any:
    """A vector's numbers without their signs."""
    return vector(vector), _generate_call("llvm.fabs")


# The functions for compiled code; what each does stands in its implementation's docstring.
store: Any = intrinsic(_store)
prefetch: Any = intrinsic(_prefetch)
multiply_add: Any = intrinsic(_multiply_add)
where: Any = intrinsic(_where)
bits_of: Any = intrinsic(_bits_of)
in_double_precision: Any = intrinsic(_in_double_precision)
absolute: Any = intrinsic(_absolute)
