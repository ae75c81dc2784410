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
        (b"50%\r    \rready", ["ready"]),
        (b"abc\b\b\b\b\bX", ["X"]),
        (b"", []),
    ],
)
def test_it_reads_as_in_a_terminal(data, lines):
    assert last_lines(data, 50) == lines


def test_only_the_last_lines_come():
    assert last_lines(b"\n".join(b"%d" % number for number in range(100)), 3) == ["97", "98", "99"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "line", [b"x" * 250_000 + b"\b" * 250_000, b"x" * 250_000 + b"\ry" * 125_000, b"\x1b[" * 250_000]
)
def test_a_line_made_to_be_slow_is_not(line):
    # The first takes minutes where a character is looked at again for each backspace.
    assert len(last_lines(line, 50)) == 1
