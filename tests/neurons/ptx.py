"""Runs a compiled kernel's PTX without a GPU: all threads of a program in step, on numpy arrays.

Triton's interpreter runs a kernel's Python. What a GPU would run is PTX that Triton's compiler made
of it, and the compiler has opinions of its own. This reads the instructions that our kernels
come to, and fails on any other. Every access to memory is checked: to global memory for lying in
an array, to shared memory for not being in a race with another thread since the last barrier.
"""

import re

import numpy as np

NOBODY, MANY = -1, -2  # instead of a thread
SPACE = 40  # bits of an address within one array; those above say which array
TYPES = {
    **dict.fromkeys(("b32", "u32"), np.uint32),
    **dict.fromkeys(("b64", "u64"), np.uint64),
    "s32": np.int32,
    "s64": np.int64,
    "f32": np.float32,
    "f64": np.float64,
    "pred": np.bool_,
}
COMPARE = {
    "gt": np.greater,
    "ge": np.greater_equal,
    "lt": np.less,
    "le": np.less_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
ALU = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "shl": np.left_shift,
    "shr": np.right_shift,
    "rem": np.fmod,
    "div": np.divide,
    "abs": np.abs,
    "neg": np.negative,
    "mov": np.positive,
    "fma": lambda a, b, c: a * b + c,
    "mad": lambda a, b, c: a * b + c,
    "selp": lambda a, b, chosen: np.where(chosen, a, b),
}
INSTRUCTION = re.compile(r"(?:@(!?)(%p\d+)\s+)?([a-z][\w.]*)\s*(.*);$")


class Program:
    """The instructions of a kernel.

    Args:
        ptx: the compiler's output.
        threads: threads of a program.
    """

    def __init__(self, ptx, threads):
        self.threads = threads
        self.code, self.labels = [], {}
        body = ptx[ptx.index("\n{") + 2 :]
        for text in body[: body.index("\n}")].splitlines():
            line = text.partition("//")[0].strip()
            if label := re.match(r"(\$\w+):", line):
                self.labels[label[1]] = len(self.code)
            elif line and not line.startswith((".", "{", "}")):
                negated, predicate, opcode, operands = INSTRUCTION.match(line).groups()
                parts = re.findall(r"\{[^}]*\}|\[[^\]]*\]|[^,\s]+", operands)
                self.code.append((bool(negated), predicate, opcode.split("."), parts))

    def run(self, programs, arguments):
        """Run so many programs, one after another; arrays among the arguments are changed."""
        arrays = [value for value in arguments if isinstance(value, np.ndarray)]
        addresses = iter(range(1 << SPACE, len(arrays) + 1 << SPACE, 1 << SPACE))
        values = [next(addresses) if isinstance(v, np.ndarray) else v for v in arguments]
        for index in range(programs):
            _Threads(self, index, values, [array.reshape(-1) for array in arrays]).run()


class _Threads:
    """One program under way."""

    def __init__(self, program, index, values, arrays):
        self.program, self.values, self.arrays = program, values, arrays
        every = np.arange(program.threads)
        self.everyone = np.ones(program.threads, bool)
        self.registers = {"%tid.x": every, "%ctaid.x": np.full_like(every, index)}
        self.shared = np.zeros(1 << 14, np.uint8)
        self.writers = np.full(len(self.shared) // 4, NOBODY)
        self.readers = self.writers.copy()

    def run(self):
        place = 0
        while place < len(self.program.code):
            negated, predicate, opcode, operands = self.program.code[place]
            active = self.everyone
            if predicate:
                active = self.registers[predicate] ^ negated
            if opcode[0] == "ret":
                return
            place += 1
            if opcode[0] == "bra":
                assert active.all() or not active.any(), "threads part"
                if active.all():
                    place = self.program.labels[operands[0]]
            elif opcode[0] == "bar":
                assert opcode[1] != "warp" or self.program.threads == 32
                self.writers[:], self.readers[:] = NOBODY, NOBODY
            else:
                self._execute(opcode, operands, active)

    def _execute(self, opcode, operands, active):
        name, kind = opcode[0], TYPES.get(opcode[-1])
        if name == "ld" and opcode[1] == "param":
            index = int(re.search(r"(\d+)\]", operands[1])[1])
            self._write(operands[0], np.full(self.program.threads, self.values[index]), kind)
        elif name in ("ld", "st"):
            self._access(name, opcode[1], operands, kind, active)
        elif name == "stmatrix":
            assert opcode[3:] == ["m8n8", "x1", "shared", "b16"]
            self._store_matrix(operands)
        elif name == "setp":
            left, right = (self._read(each, kind) for each in operands[1:])
            self.registers[operands[0]] = COMPARE[opcode[1]](left, right)
        elif name == "cvt":
            self._write(operands[0], self._read(operands[1], kind), TYPES[opcode[1]])
        elif "wide" in opcode:  # 32-bit factors, a 64-bit product and sum
            wide = np.int64 if kind is np.int32 else np.uint64
            factors = [self._read(each, kind).astype(wide) for each in operands[1:3]]
            rest = [self._read(each, wide) for each in operands[3:]]
            self._write(operands[0], ALU[name](*factors, *rest), wide)
        else:
            sources = [self._read(each, kind) for each in operands[1:]]
            if name == "selp":
                sources[2] = self._read(operands[3], np.bool_)
            if name in ("shl", "shr"):
                sources[1] = self._read(operands[2], np.uint32).astype(kind)
            self._write(operands[0], ALU[name](*sources), kind)

    def _read(self, operand, kind):
        if operand == "global_smem":
            operand = "0"
        if operand.startswith("%"):
            held = self.registers[operand]
            return held if kind is np.bool_ else held.astype(_bits(kind)).view(kind)
        if match := re.fullmatch(r"0([fd])([0-9A-F]+)", operand):
            word = np.array(int(match[2], 16), np.uint32 if match[1] == "f" else np.uint64)
            return word.view(kind)
        return np.array(int(operand, 0)).astype(kind)

    def _write(self, register, value, kind):
        value = np.broadcast_to(np.asarray(value).astype(kind), self.program.threads)
        held = value if kind is np.bool_ else np.ascontiguousarray(value).view(_bits(kind))
        self.registers[register] = held.copy()

    def _access(self, name, space, operands, kind, active):
        address, registers = operands if name == "st" else reversed(operands)
        base, _, offset = address.strip("[ ]").partition("+")
        threads = np.flatnonzero(active)
        first = np.broadcast_to(self._read(base.strip(), np.int64), active.shape)[threads]
        for index, register in enumerate(registers.strip("{ }").split(",")):
            places = first + int(offset or 0) + index * kind().itemsize
            if space == "shared":
                self._watch(name, places, kind, threads)
                memory = self.shared.view(kind)
            elif len(threads) == 0:
                continue
            else:
                (which,) = set((places >> SPACE).tolist())
                assert self.arrays[which - 1].itemsize == kind().itemsize
                memory = self.arrays[which - 1].view(kind)
                places = places & ((1 << SPACE) - 1)
                assert places.max() < memory.nbytes, "beyond an array's end"
            assert (places % kind().itemsize == 0).all(), "not aligned"
            self._move(name, memory, places // kind().itemsize, register.strip(), threads)

    def _store_matrix(self, operands):
        """8 rows of 16 bytes a warp: lane r says where row r is, lanes 4 r to 4 r + 3 have it."""
        threads = np.arange(self.program.threads)
        rows = threads // 32 * 32 + threads % 32 // 4
        places = self._read(operands[0].strip("[ ]"), np.int64)[rows] + threads % 4 * 4
        self._watch("st", places, np.uint32, threads)
        self._move(
            "st", self.shared.view(np.uint32), places // 4, operands[1].strip("{ }"), threads
        )

    def _move(self, name, memory, places, register, threads):
        kind = memory.dtype.type
        if name == "st":
            memory[places] = np.broadcast_to(self._read(register, kind), self.everyone.shape)[
                threads
            ]
            return
        value = np.zeros(self.program.threads, kind)
        if register in self.registers:
            value = self._read(register, kind).copy()
        value[threads] = memory[places]
        self._write(register, value, kind)

    def _watch(self, name, places, kind, threads):
        """Make sure that no other thread has touched the words since the last barrier.

        Writing must follow neither another's writing nor reading, reading no other's writing.
        """
        for word in range(kind().itemsize // 4):
            words = places // 4 + word
            for touched in (self.writers, self.readers) if name == "st" else (self.writers,):
                assert ((touched[words] == NOBODY) | (touched[words] == threads)).all(), "a race"
            touched = self.writers if name == "st" else self.readers
            alone = (touched[words] == NOBODY) | (touched[words] == threads)
            touched[words] = np.where(alone, threads, MANY)
            touched[words[touched[words] != threads]] = MANY


def _bits(kind):
    return np.uint64 if kind().itemsize == 8 else np.uint32
