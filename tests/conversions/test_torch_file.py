"""PyTorch files, read without torch.load: the same tensors, and none that a file only claims."""

from __future__ import annotations

import io
import pickle
import struct
import time
import warnings
import zipfile
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.conversions.torch_file import read_state_dict
from nbsuite.errors import ConversionError
from tests.conversions.torch_archives import (
    Call,
    Record,
    claimed_tensor,
    pickled,
    same,
    write_archive,
)

READ_DTYPES = [
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.bool),
    *(torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.pth"


def _oracle(path: Path) -> Any:
    return torch.load(path, map_location="cpu", weights_only=True)


@pytest.mark.parametrize("dtype", READ_DTYPES, ids=str)
def test_tensors_come_back(path: Path, dtype: torch.dtype) -> None:
    values = torch.randn(6, 4).mul(3).to(dtype)
    state = {
        "matrix": values,
        "transposed": values.T,
        "part": values[1:5:2, 1:],
        "number": values[2, 3],
        "row": values[:1],
        "empty": values[:0],
        "nothing": torch.zeros(0, 5, dtype=dtype),
    }
    torch.save(state, path)
    assert same(read_state_dict(path), state)


def test_ways_of_saving(path: Path) -> None:
    layer = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    for state in (layer.state_dict(), dict(layer.named_parameters())):
        torch.save(state, path)
        assert same(read_state_dict(path), _oracle(path))


def test_what_lies_beside_a_state_dict(path: Path) -> None:
    layer = torch.nn.Linear(3, 4)
    optimiser = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    beside = {"loss": 0.5, "large": 2**40, "none": None, "dtype": torch.float32, "yes": True}
    beside |= {"device": torch.device("cpu"), "size": torch.Size([2]), "set": {1}, "bytes": b"1"}
    torch.save(
        {"epoch": 3, "optimiser": optimiser.state_dict(), "state": layer.state_dict()} | beside,
        path,
    )
    assert same(read_state_dict(path, entry="state"), layer.state_dict())


def test_real_files(shared: Path) -> None:
    files = sorted((shared / "stork_checkpoints").rglob("*.pth"))
    files += sorted((shared / "neurobench_baselines").rglob("*.pt*"))
    assert len(files) == 37
    for file in files:
        expected = _oracle(file)
        expected = expected.get("model_state_dict", expected)
        assert same(read_state_dict(file, entry="model_state_dict"), expected)


def _special_tensors() -> dict[str, tuple[Any, str]]:
    values = torch.rand(3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that some of these are experimental
        compressed, nested = values.to_sparse_csr(), torch.nested.nested_tensor([values, values])
        quantised = torch.quantize_per_tensor(values, 0.1, 0, torch.qint8)
    named = values.clone()
    named.attribute = 1  # type: ignore[attr-defined]
    return {
        "sparse": (values.to_sparse(), "a sparse one"),
        "compressed": (compressed, "a sparse one"),
        "nested": (nested, "a nested one"),
        "quantised": (quantised, "a quantised one"),
        "without content": (values.to("meta"), "one without content"),
        "complex": (values.to(torch.complex64), "a complex one"),
        "conjugate": (values.to(torch.complex128).conj(), "a conjugate or negated one"),
        "of 16 bits": (values.to(torch.uint16), "one of an unusual type"),
        "of 8 bits": (values.to(torch.float8_e4m3fn), "one of an unusual type"),
        "with attributes": (named, "one with attributes"),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("value", "kind"), _special_tensors().values(), ids=_special_tensors())
def test_tensors_that_are_not_plain(path: Path, value: Any, kind: str) -> None:
    torch.save({"fine": torch.ones(2), "weight": value}, path)
    with pytest.raises(ConversionError, match=f"'weight' .* not a plain tensor but {kind}; save"):
        read_state_dict(path)


LARGE = 10**10
CLAIMS: dict[str, tuple[Any, str]] = {
    "repeated": (claimed_tensor((LARGE, 64), (0, 1)), "claims the shape"),
    "repeated once": (claimed_tensor((2, 64), (0, 1)), "claims the shape"),
    "nothing repeated": (claimed_tensor((0, LARGE), (1, 1)), "claims the shape"),
    "beyond": (claimed_tensor((64,), (1,), offset=1), "reaches beyond"),
    "far beyond": (claimed_tensor((2,), (LARGE,)), "reaches beyond"),
    "steps that do not count": (claimed_tensor((1, 64), (2**62, 1)), "reaches beyond"),
    "offset": (claimed_tensor((1,), (1,), offset=64), "reaches beyond"),
    "dimensions": (claimed_tensor((1,) * 9, (1,) * 9), "impossible shape"),
    "strides": (claimed_tensor((1, 1), (1,)), "impossible shape"),
    "longer record": (claimed_tensor((64,), (1,), record=Record("0", 65)), "claims 65 numbers"),
    "huge record": (claimed_tensor((64,), (1,), record=Record("0", LARGE)), "claims 10,000,000,0"),
    "shorter record": (claimed_tensor((1,), (1,), record=Record("0", 1)), "claims 1 numbers"),
    "no record": (
        claimed_tensor((1,), (1,), record=Record("7", 1)),
        "claims 1 numbers where 0 bytes",
    ),
    "another record": (
        claimed_tensor((1,), (1,), record=Record("../data.pkl", 1)),
        "claims 1 numbers where 0 bytes",
    ),
    "negated": (claimed_tensor((1,), (1,), marks=({"neg": True},)), "a conjugate or negated one"),
    "storage": (Record("0", 64), "not a plain tensor"),
}


@pytest.mark.parametrize(("claim", "fault"), CLAIMS.values(), ids=CLAIMS)
def test_claims_that_the_file_does_not_keep(path: Path, claim: Any, fault: str) -> None:
    write_archive(path, pickled(OrderedDict(weight=claim)))
    start = time.perf_counter()
    with pytest.raises(ConversionError, match=f"'weight' of .*{fault}") as caught:
        read_state_dict(path)
    assert time.perf_counter() - start < 0.5
    assert str(caught.value).endswith(".")


DAMAGED: dict[str, Any] = {
    "negative size": claimed_tensor((-1,), (1,)),
    "negative stride": claimed_tensor((2,), (-1,)),
    "fraction": claimed_tensor((1.0,), (1,)),
    "truth": claimed_tensor((True,), (1,)),
    "too large a number": claimed_tensor((2**70,), (1,)),
    "size of no tuple": claimed_tensor(1, 1),
    "no storage": claimed_tensor((1,), (1,), record=3),
    "record of no text": claimed_tensor((1,), (1,), record=Record(0, 64)),
    "negative record": claimed_tensor((1,), (1,), record=Record("0", -1)),
    "record of no type": claimed_tensor((1,), (1,), record=Record("0", 1, kind="torch")),
    "names of tuples": {(1, 2): 3},
    "too few arguments": Call(torch._utils._rebuild_tensor_v2, 1),
    "called storage": Call(torch.FloatStorage, 10**10),
}


@pytest.mark.filterwarnings("ignore")  # about storages with types
@pytest.mark.parametrize("claim", DAMAGED.values(), ids=DAMAGED)
def test_descriptions_that_make_no_sense(path: Path, claim: Any) -> None:
    write_archive(path, pickled({"weight": claim}))
    with pytest.raises(ConversionError):
        read_state_dict(path)


def _instructions(*parts: bytes) -> bytes:
    return b"\x80\x02" + b"".join(parts) + b"."


MEMORY = b"c__builtin__\nbytearray\n\x8a\x06\x00\xe4\x0bT\x02\x00\x85R"  # bytearray(10**10)
UNSAFE = {
    "os.system": _instructions(b"cos\nsystem\nX\x04\x00\x00\x00true\x85R"),
    "torch.load": _instructions(b"ctorch\nload\nX\x01\x00\x00\x00a\x85R"),
    "": _instructions(b"cos\nsys\\qtem\n"),  # of which pickletools warns
    "the instruction STACK_GLOBAL": _instructions(b"X\x02\x00\x00\x00osX\x04\x00\x00\x00exit\x93"),
    "the instruction INST": _instructions(b"(X\x04\x00\x00\x00trueios\nsystem\n"),
    "the instruction NEWOBJ": _instructions(b"ctorch\nSize\n)\x81"),
    "the instruction BYTEARRAY8": _instructions(b"\x96" + struct.pack("<Q", 0)),
    "the instruction EXT1": _instructions(b"\x82\x01"),
    "the instruction DUP": _instructions(b"}2"),
}


@pytest.mark.parametrize(("what", "program"), UNSAFE.items(), ids=UNSAFE)
def test_programs(path: Path, what: str, program: bytes) -> None:
    write_archive(path, program)
    with pytest.raises(ConversionError, match=rf"could run code \({what}"):
        read_state_dict(path)


def test_no_memory_is_taken_that_a_program_asks_for(path: Path) -> None:
    write_archive(path, _instructions(b"}X\x01\x00\x00\x00a", MEMORY, b"s"))
    with pytest.raises(ConversionError, match=r"'a' .* not a plain tensor"):
        read_state_dict(path)
    write_archive(path, _instructions(b"}r" + struct.pack("<I", 2**32 - 1)))
    assert read_state_dict(path) == {}


def test_tuples_that_double(path: Path) -> None:
    """Each holds the one before twice: to hash, compare or show the last one takes for ever."""
    doubling = b")q\x00" + b"h\x00\x86q\x00".join([b"h\x00"] * 100)
    for program in (
        _instructions(b"}", doubling, b"K\x01s"),
        _instructions(b"}X\x01\x00\x00\x00a", doubling, b"s"),
        _instructions(doubling),
    ):
        write_archive(path, program)
        with pytest.raises(ConversionError) as caught:
            read_state_dict(path)
        assert len(str(caught.value)) < 500


def test_a_dict_within_itself(path: Path) -> None:
    write_archive(path, _instructions(b"}q\x00X\x01\x00\x00\x00ah\x00s"))
    with pytest.raises(ConversionError, match=r"'a' .* not a plain tensor"):
        read_state_dict(path)


def test_a_large_description(path: Path) -> None:
    write_archive(path, _instructions(b"]" * (1 << 19)))
    with pytest.raises(ConversionError, match="in more than 524,288 bytes"):
        read_state_dict(path)


def test_archives_that_torch_does_not_write(path: Path) -> None:
    content = pickled({"a": claimed_tensor((64,), (1,))})
    write_archive(path, content, {"data/0": bytes(256), "byteorder": b"big"})
    with pytest.raises(ConversionError, match="another order of bytes"):
        read_state_dict(path)
    write_archive(path, content, {"data/0": bytes(256), "constants.pkl": b""})
    with pytest.raises(ConversionError, match=r"not written by torch\.save"):
        read_state_dict(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/data/0", bytes(256))
    with pytest.raises(ConversionError, match="that is compressed"):
        read_state_dict(path)


def test_no_regular_file(path: Path, tmp_path: Path) -> None:
    for other in (tmp_path, Path("/dev/zero"), path):
        with pytest.raises(ConversionError, match="There is no file"):
            read_state_dict(other)


PROGRAM = pickled(
    {"a": claimed_tensor((8, 8), (8, 1)), "b": [1, 2.5, None, (True, 2**40)], "c": OrderedDict(d=1)}
)


@given(
    st.lists(
        st.tuples(st.integers(0, len(PROGRAM) - 1), st.integers(0, 255)), min_size=1, max_size=4
    )
)
def test_any_other_program_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    program = bytearray(PROGRAM)
    for position, value in changes:
        program[position] = value
    path = write_archive(tmp_path_factory.getbasetemp() / "program.pth", bytes(program))
    for entry in (None, "c"):
        try:
            state = read_state_dict(path, entry=entry)
        except ConversionError:
            continue
        assert all(value.numel() <= 64 for value in state.values())


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, program: bytes
) -> None:
    path = write_archive(tmp_path_factory.getbasetemp() / "bytes.pth", b"\x80\x02" + program)
    with suppress(ConversionError):
        assert read_state_dict(path) == {}


def test_harmless_programs_mean_what_python_takes_them_for(path: Path) -> None:
    content = {"a": [1, (2, 3.5, "four"), {"b": None}], 5: (), "c": [True, False, -(2**80)]}
    from nbsuite.conversions.torch_pickle import read_pickle

    assert read_pickle(pickle.dumps(content, protocol=2)) == content
    stream = io.BytesIO()
    pickle.Pickler(stream, protocol=2).dump([content, content])
    first, second = read_pickle(stream.getvalue())
    assert first is second
