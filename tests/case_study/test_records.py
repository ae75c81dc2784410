import pytest

from case_study.findings import Finding
from case_study.records import Record, read_records, read_text

HEAD = ["7", "Film_7.png", "Asha_7.jpg", "10", "20", "100", "130", "Film", "1999", "Asha"]
LABELS = ["FEMALE", "SADNESS", "NONE", "HIGH", "YOUNG", "LEFT", "OVER"]
GOOD = "\t".join(HEAD + LABELS)


def read(*lines):
    items = list(read_records(list(lines), "f.txt"))
    records = [(r.face, r.expression, r.line) for r in items if isinstance(r, Record)]
    return records, [(f.reason, f.line) for f in items if isinstance(f, Finding)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD, None),
        ("\t".join(HEAD + LABELS[:-1]), None),
        ("\t".join(["7 Film_7.png", *HEAD[2:], *LABELS]), "spaces_for_tabs"),
        ("\t".join(["7", "Film_7.png Asha_7.jpg", *HEAD[3:], *LABELS]), "spaces_for_tabs"),
        ("\t".join([*HEAD[:3], "10 20 100 130", *HEAD[7:], *LABELS]), "spaces_for_tabs"),
        ("\t".join([*HEAD[:7], "1942 A Love Story 1994", "Asha FEMALE", *LABELS[1:]]), "spaces_for_tabs"),
        (" ".join(HEAD + LABELS), "spaces_for_tabs"),
        ("\t".join([*HEAD, "", *LABELS]), "shifted_fields"),
        ("\t".join([*HEAD, "", *LABELS[:-1]]), "shifted_fields"),
        ("\t".join([*HEAD, *LABELS[1:-1]]), "shifted_fields"),
        ("\t".join([*HEAD[:8], *HEAD[9:], *LABELS]), "shifted_fields"),
        ("\t".join([*HEAD, *LABELS[1:], LABELS[0]]), "rotated_fields"),
        ("\t".join([*HEAD, *LABELS[4:], *LABELS[:4]]), "rotated_fields"),
        ("\t".join([*LABELS, *HEAD]), "rotated_fields"),
    ],
)
def test_a_line_that_can_be_understood(line, reason):
    records, findings = read(line)

    assert records == [("Asha_7.jpg", "SADNESS", 1)]
    assert findings == ([(reason, 1)] if reason else [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("\t".join(HEAD), "no_labels"),
        ("\t".join(HEAD[:3]), "no_labels"),
        ("\t".join([*HEAD, "FEMALE", "null", *LABELS[2:]]), "null_expression"),
        ("\t".join([*HEAD, *["null"] * 7]), "null_expression"),
        ("\t".join([*HEAD, "FEMALE", "BORED", *LABELS[2:]]), "broken_line"),
        ("\t".join([*HEAD, "FEMALE", "?", "SADNESS", "ANGER", *LABELS[4:]]), "broken_line"),
        (GOOD + "\t" + GOOD, "broken_line"),
        ("hello", "broken_line"),
    ],
)
def test_a_line_that_cannot_be_understood_is_never_guessed(line, reason):
    assert read(line) == ([], [(reason, 1)])


def test_a_movie_named_after_an_expression_is_no_label():
    line = "\t".join([*HEAD[:7], "Fear", *HEAD[8:]])

    assert read(line) == ([], [("no_labels", 1)])
    assert read(line + "\t" + "\t".join(["", *LABELS]))[0] == [("Asha_7.jpg", "SADNESS", 1)]


@pytest.mark.parametrize("cut", range(1, 17))
def test_a_record_over_two_lines_is_joined_wherever_it_broke(cut):
    fields = HEAD + LABELS
    first, second = "\t".join(fields[:cut]), "\t".join(fields[cut:])
    following = GOOD.replace("_7", "_8")

    records, findings = read(first, second, following)

    assert records == [("Asha_7.jpg", "SADNESS", 1), ("Asha_8.jpg", "SADNESS", 3)]
    assert findings == [("record_over_two_lines", 1)]


def test_lines_without_labels_are_not_joined_with_the_next_record():
    bare = "\t".join(HEAD)

    assert read(bare, bare, GOOD) == ([("Asha_7.jpg", "SADNESS", 3)], [("no_labels", 1), ("no_labels", 2)])


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        (b"a\nb", []),
        (b"\xef\xbb\xbfa\nb", ["byte_order_mark"]),
        ("a\nb".encode("utf-16"), ["byte_order_mark"]),
        (b"a\r\nb", ["carriage_returns"]),
        (b"a\rb", ["carriage_returns"]),
        (b"a\0\nb\0", ["nul_bytes"]),
        (b"\xef\xbb\xbfa\0\r\nb", ["byte_order_mark", "nul_bytes", "carriage_returns"]),
    ],
)
def test_bytes_that_do_not_belong_there_are_taken_out(data, reasons):
    lines, findings = read_text(data, "f.txt")

    assert lines == ["a", "b"]
    assert [finding.reason for finding in findings] == reasons


def test_empty_first_line_and_empty_file():
    assert read_text(b"\na", "f.txt") == (["", "a"], [Finding("empty_first_line", "f.txt")])
    assert read_text(b"", "f.txt") == ([], [Finding("empty_file", "f.txt")])
    assert read_text(b" \n\n", "f.txt")[0] == []


def test_text_that_is_not_utf8_is_still_read():
    assert read_text("Café".encode("latin-1"), "f.txt")[0] == ["Café"]
