"""What the pickle in a PyTorch file says, found out without unpickling it.

A pickle is a program that names functions and calls them. ``torch.save`` needs few of its
instructions for tensors by name; these are followed here, on values that can do nothing: nothing
is imported, nothing is called, and no memory is taken but for what stands in the pickle itself.
Tensors remain descriptions, whose claims are held against the file before any is made.

Source: PEP 307 and Python's ``pickletools``, which also takes the instructions apart.
"""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from nbsuite.untrusted.fault import FormatFault

LARGEST_PICKLE = 1 << 19
_SHOWN = 100
_STORED_DTYPES = {
    "torch HalfStorage": torch.float16,
    "torch BFloat16Storage": torch.bfloat16,
    "torch FloatStorage": torch.float32,
    "torch DoubleStorage": torch.float64,
    "torch CharStorage": torch.int8,
    "torch ShortStorage": torch.int16,
    "torch IntStorage": torch.int32,
    "torch LongStorage": torch.int64,
    "torch ByteStorage": torch.uint8,
    "torch BoolStorage": torch.bool,
}
_UNREAD_STORAGES = {
    "torch ComplexFloatStorage": "a complex one",
    "torch ComplexDoubleStorage": "a complex one",
    "torch QInt8Storage": "a quantised one",
    "torch QUInt8Storage": "a quantised one",
    "torch QInt32Storage": "a quantised one",
    "torch.storage UntypedStorage": "one of an unusual type",
}
_MADE = {
    "torch._utils _rebuild_sparse_tensor": "a sparse one",
    "torch._utils _rebuild_sparse_csr_tensor": "a sparse one",
    "torch._utils _rebuild_nested_tensor": "a nested one",
    "torch._utils _rebuild_qtensor": "a quantised one",
    "torch._utils _rebuild_meta_tensor_no_storage": "one without content",
    "torch._utils _rebuild_wrapper_subclass": "a wrapped one",
    "torch._utils _rebuild_tensor_v3": "one of an unusual type",
    "torch._utils _rebuild_parameter_with_state": "one with attributes",
    "torch._tensor _rebuild_from_type_v2": "one with attributes",
}
"""What torch makes tensors of that are not plain, and what those are called."""
_BESIDE = {"torch Tensor", "torch Size", "torch device", "torch.serialization _get_layout"} | {
    "torch.nn.parameter Parameter",
    "torch per_tensor_affine",
    "torch per_channel_affine",
    "collections Counter",
    "_codecs encode",
    "__builtin__ set",
    "__builtin__ bytearray",
    *(str(value).replace(".", " ") for value in vars(torch).values() if type(value) is torch.dtype),
}
"""What may be named beside the tensors; whatever is made of it is no tensor."""
_DICT, _TENSOR, _PARAMETER = (
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
)
_KNOWN = {_DICT, _TENSOR, _PARAMETER, *_STORED_DTYPES, *_UNREAD_STORAGES, *_MADE} | _BESIDE


class UnsafePickle(FormatFault):
    """A pickle that does more than to describe tensors and plain values."""


class Storage(NamedTuple):
    """Numbers side by side, in a record of the file.

    Attributes:
        dtype: their type; None where it is one that is not read.
        record: the record's name.
        values: how many there are, as the pickle claims.
        kind: what a tensor of them is called, where they are not read.
    """

    dtype: torch.dtype | None
    record: str
    values: int
    kind: str | None


class StoredTensor(NamedTuple):
    """A tensor as the pickle describes it: a view of a storage, as ``as_strided`` makes it."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


@dataclass(frozen=True)
class Other:
    """Anything else that torch or Python would make; it is only known what it is called."""

    kind: str | None = None


@dataclass(frozen=True)
class _Name:
    name: str


def read_pickle(content: bytes | bytearray) -> Any:
    """What a PyTorch file's pickle describes: dicts, lists, plain values and stored tensors.

    Raises:
        UnsafePickle: it does more than to describe these.
        FormatFault: it is too large, or damaged.
    """
    if len(content) > LARGEST_PICKLE:
        raise FormatFault(f"describes its tensors in more than {LARGEST_PICKLE:,} bytes")
    machine = _Machine()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd names, which are refused anyway
            for opcode, argument, _ in pickletools.genops(bytes(content)):
                machine.follow(opcode.name, argument)
        return machine.result()
    except (FormatFault, MemoryError):
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise FormatFault("has a damaged description of its tensors") from error


class _Machine:
    """A stack of values, a memory of some of them, and what each instruction does to both."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memory: dict[int, Any] = {}
        self._stopped = False

    def result(self) -> Any:
        (value,) = self._stack
        if not self._stopped or self._marks:
            raise ValueError("not at its end")
        return value

    def follow(self, instruction: str, argument: Any) -> None:
        if instruction in _LITERALS:
            self._stack.append(argument)
        elif instruction in _CONSTANTS:
            self._stack.append(_CONSTANTS[instruction]())
        elif instruction in _TUPLES:
            self._tuple(_TUPLES[instruction])
        elif instruction in ("BINPUT", "LONG_BINPUT"):
            self._memory[argument] = self._stack[-1]
        elif instruction in ("BINGET", "LONG_BINGET"):
            self._stack.append(self._memory[argument])
        elif instruction in _INSTRUCTIONS:
            _INSTRUCTIONS[instruction](self)
        elif instruction == "GLOBAL":
            self._stack.append(_named(argument))
        elif instruction == "STOP":
            self._stopped = True
        elif instruction != "PROTO":
            raise UnsafePickle(_unsafe(f"the instruction {instruction}"))

    def mark(self) -> None:
        self._marks.append(len(self._stack))

    def _since_mark(self) -> list[Any]:
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def _tuple(self, length: int) -> None:
        if length > len(self._stack) - (self._marks[-1] if self._marks else 0):
            raise ValueError("no so many values")
        values = tuple(self._stack[-length:])
        self._stack[-length:] = [values]

    def tuple_since_mark(self) -> None:
        self._stack.append(tuple(self._since_mark()))

    def set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set(key, value)

    def set_items(self) -> None:
        values = self._since_mark()
        for key, value in zip(values[::2], values[1::2], strict=True):
            self._set(key, value)

    def _set(self, key: Any, value: Any) -> None:
        # Tuples within tuples take for ever to be hashed.
        if type(self._stack[-1]) is not dict or type(key) not in (str, int):
            raise ValueError("no names")
        self._stack[-1][key] = value

    def append(self) -> None:
        self._extend([self._stack.pop()])

    def append_all(self) -> None:
        self._extend(self._since_mark())

    def _extend(self, values: list[Any]) -> None:
        if type(self._stack[-1]) is not list:
            raise ValueError("no list")
        self._stack[-1] += values

    def persistent_id(self) -> None:
        kind, storage, record, location, values = self._stack.pop()
        name = storage.name if isinstance(storage, _Name) else ""
        known = name in _STORED_DTYPES or name in _UNREAD_STORAGES
        if not known or kind != "storage" or type(location) is not str or not _is_count(values):
            raise ValueError("no storage")
        if type(record) is not str:
            raise ValueError("no record")
        self._stack.append(
            Storage(_STORED_DTYPES.get(name), record, values, _UNREAD_STORAGES.get(name))
        )

    def reduce(self) -> None:
        """What would be a call."""
        arguments, function = self._stack.pop(), self._stack.pop()
        if not isinstance(function, _Name) or type(arguments) is not tuple:
            raise UnsafePickle(_unsafe("a call of something unknown"))
        if function.name == _DICT and not arguments:
            self._stack.append({})
        elif function.name == _TENSOR:
            self._stack.append(_stored_tensor(*arguments))
        elif function.name == _PARAMETER:
            self._stack.append(arguments[0])
        else:
            self._stack.append(Other(_MADE.get(function.name)))

    def build(self) -> None:
        """Attributes, such as a state dict's versions of its modules: left out."""
        self._stack.pop()
        if type(self._stack[-1]) not in (dict, Other):
            raise ValueError("no attributes")


_LITERALS = {"BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"}
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_INSTRUCTIONS: dict[str, Callable[[_Machine], None]] = {
    "MARK": _Machine.mark,
    "TUPLE": _Machine.tuple_since_mark,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.append_all,
    "BINPERSID": _Machine.persistent_id,
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
}


def _named(name: str) -> _Name:
    if name not in _KNOWN:
        raise UnsafePickle(_unsafe(name.replace(" ", ".")))
    return _Name(name)


def _unsafe(what: str) -> str:
    return (
        f"holds Python objects that could run code ({what[:_SHOWN]}), so it was not read and "
        "nothing was run"
    )


def _stored_tensor(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    _requires_grad: Any,
    _hooks: Any,
    marks: Any = None,
) -> StoredTensor | Other:
    """A tensor, from what torch makes it of; ``marks`` says that signs are to be changed."""
    counts = (offset, *size, *stride)
    if not isinstance(storage, Storage) or not all(map(_is_count, counts)):
        raise ValueError("no tensor")
    if marks:
        return Other("a conjugate or negated one")
    return StoredTensor(storage, offset, tuple(size), tuple(stride))


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 63
