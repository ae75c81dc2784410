"""What a terminal would show of an output."""
import pytest

from visualizer.terminal import last_lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\r\ntwo", ["one", "two"]),
        (b"10%\r20%\r30%", ["30%"]),
        (b"long line\rshort", ["shortline"]),
        (b"abc\b\bXY", ["aXY"]),
        (b"\x1b[1m5/10\x1b[0m \x1b[32mdone\x1b[0m", ["5/10 done"]),
        (b"\x1b]0;title\x07text", ["text"]),
        (b"1/9\b\b\b\r2/9", ["2/9"]),
        (b"caf\xe9", ["caf\ufffd"]),
        (b"a\x00b", ["ab"]),
        (b"", []),
    ],
)
def test_it_reads_as_in_a_terminal(data, lines):
    assert last_lines(data, 50) == lines


def test_only_the_last_lines_come():
    assert last_lines(b"\n".join(b"%d" % number for number in range(100)), 3) == ["97", "98", "99"]
