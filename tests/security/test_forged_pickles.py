"""Pickles that no training writes: none runs anything, none takes memory or time, each becomes a sentence."""

import contextlib
import io
import pickle
import resource
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from visualization_files.layout import BadFileError
from visualization_files.reader import load_pickle

PICTURE = np.zeros((2, 2, 1), np.uint8)


class Calls:
    """Pickles as a call of anything."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def name(module, attribute):
    return b"c" + f"{module}\n{attribute}\n".encode()


def array(shape, data, code="u1", state=(3, "|", None, None, None, -1, -1, 0)):
    """A pickle that builds an array by the same steps as numpy's own, with any shape and state."""
    dtype = name("numpy", "dtype") + pickle.dumps((code, False, True), 2)[2:-1] + b"R"
    dtype += pickle.dumps(state, 2)[2:-1] + b"b"
    build = name("numpy._core.multiarray", "_reconstruct") + name("numpy", "ndarray")
    build += pickle.dumps((0,), 2)[2:-1] + b"C\x01b" + b"\x87R"
    content = b"B" + struct.pack("<I", len(data)) + data
    return b"\x80\x02" + build + b"(K\x01" + pickle.dumps(shape, 2)[2:-1] + dtype + b"\x89" + content + b"tb."


CODE = {
    "os.system": pickle.dumps(Calls(__import__("os").system, "true")),
    "eval": pickle.dumps(Calls(eval, "1")),
    "open": pickle.dumps(Calls(open, "/etc/passwd")),
    "subprocess": pickle.dumps(Calls(subprocess.Popen, ["true"])),
    "in a list of an array": pickle.dumps([(PICTURE, Calls(eval, "1"))]),
    "in an array of objects": pickle.dumps(np.array([Calls(eval, "1")], object)),
    "getattr of an allowed name": b"\x80\x04" + name("numpy", "dtype.__init__.__globals__") + b".",
    "dotted name": b"\x80\x04\x8c\x05numpy\x8c\x0emultiarray.sys\x93.",
    "numpy load": b"\x80\x02" + name("numpy", "load") + b"X\x0b\x00\x00\x00/etc/passwd\x85R.",
    "instance": b"(i__builtin__\neval\n.",
    "new object": b"\x80\x02" + name("numpy", "ndarray") + b"K\x05\x85\x85\x81.",
    "extension registry": b"\x80\x02\x82\x01.",
    "persistent id": b"Pos\n.",
    "changes what it may call": b"\x80\x02" + name("_codecs", "encode") + b"}X\x01\x00\x00\x00aK\x01sb.",
    "changes a class": b"\x80\x02" + name("numpy", "dtype") + b"N}X\x04\x00\x00\x00nameK\x01s\x86b.",
    "another codec": b"\x80\x02" + name("_codecs", "encode") + b"X\x01\x00\x00\x00aX\x03\x00\x00\x00hex\x86R.",
    "fields of objects": array((1,), b"\1" * 8, "V8", (3, "|", None, ("a",), {"a": (np.dtype("i8"), 0)}, 8, 1, 0)),
    "type of objects": array((1,), b"\1" * 8, "O8"),
}
MEMORY = {
    "an array of a terabyte": b"\x80\x02" + name("numpy", "ndarray") + pickle.dumps(((2**40,),), 2)[2:-1] + b"R.",
    "a shape larger than its data": array((2**20, 2**20), b"ab"),
    "a negative shape": array((-1, -2), b"ab"),
    "a shape that is no number": array((True, "a"), b"a"),
    "a place far in the memory": b"\x80\x02K\x01r\xff\xff\xff\x7f.",
    "a place far in the memory, as text": b"K\x01p2000000000\n.",
    "bytes that are not there": b"\x80\x05\x8e" + struct.pack("<Q", 2**40) + b"a.",
    "a byte array that is not there": b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"a.",
    "a frame that is not there": b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"K\x01.",
    "twenty million lists": b"]" * 20_000_000 + b".",
    "a hundred million sets": b"\x80\x04" + b"\x8f" * 100_000_000 + b".",
    "lists in lists": b"(" + b"]" * 500_000 + b"t.",
    "deep lists": b"]" * 5000 + b"a" * 4999 + b".",
    "lists that double": b"]K\x01a" + b"2\x86" * 60 + b".",
    "a list in itself": b"]q\x00h\x00a.",
    "a number of a million digits": b"I" + b"9" * 1_000_000 + b"\n.",
    "a long of a million digits": b"L" + b"9" * 1_000_000 + b"L\n.",
}


@pytest.mark.parametrize("kind", CODE)
def test_nothing_runs(kind):
    with pytest.raises(BadFileError):
        load_pickle(io.BytesIO(CODE[kind]))


@pytest.mark.parametrize("kind", MEMORY)
def test_nothing_takes_memory_or_time(kind):
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadFileError):
        load_pickle(io.BytesIO(MEMORY[kind]))
    assert time.monotonic() - begin < 20
    # Kilobytes; a copy of the file itself is allowed.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000


def test_one_array_in_many_places_counts_each_time():
    big = np.zeros(2_000_000, np.uint8)
    assert len(load_pickle(io.BytesIO(pickle.dumps([big] * 100)))) == 100
    with pytest.raises(BadFileError, match="more memory"):
        load_pickle(io.BytesIO(pickle.dumps([big] * 1000)))


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("kind", ["u1", ">i4", "<f2", "f8", "?"])
def test_arrays_of_every_protocol_come_through(protocol, kind):
    given = [("name", np.arange(24).reshape(2, 3, 4).astype(kind)), np.float32(1.5), np.asfortranarray(np.eye(3))]
    read = load_pickle(io.BytesIO(pickle.dumps(given, protocol)))
    assert repr(read) == repr(given)
    assert read[0][1].dtype == given[0][1].dtype


@pytest.mark.parametrize("protocol", range(2, 6))
def test_random_damage_is_a_sentence_or_harmless(protocol):
    good = bytearray(pickle.dumps([("name", np.arange(12, dtype=np.uint8).reshape(2, 2, 3), (1, 2), 1.5)], protocol))
    random = np.random.default_rng(protocol)
    for _ in range(3000):
        bad = good.copy()
        for place in random.integers(0, len(bad), random.integers(1, 6)):
            bad[place] = random.integers(256)
        with contextlib.suppress(BadFileError):
            load_pickle(io.BytesIO(bytes(bad)))


def test_a_reader_survives_them_all_in_little_memory(tmp_path):
    """In a process that may have 1 GB, so that what escapes the measure above is seen."""
    for number, data in enumerate(MEMORY.values()):
        (tmp_path / f"{number}.pickle").write_bytes(data)
    code = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
from visualization_files.layout import BadFileError
from visualization_files.reader import load_pickle
for path in Path(sys.argv[1]).iterdir():
    try:
        load_pickle(path.open("rb"))
    except BadFileError as error:
        assert "MemoryError" not in repr(error.__cause__), path
"""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-W", "ignore", "-c", code, tmp_path]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
