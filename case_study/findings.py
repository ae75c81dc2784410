"""What was found wrong in the database: what was repaired, and what had to be left out."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

# Name of each repair, and what it means in the report.
REPAIRED = {
    "byte_order_mark": "text file that begins with a byte-order mark",
    "carriage_returns": "text file with carriage returns at the ends of its lines",
    "nul_bytes": "text file with NUL bytes",
    "empty_first_line": "text file with an empty first line",
    "text_file_name": "text file named other than its folder",
    "two_text_files": "folder with more than one text file: all were read",
    "spaces_for_tabs": "line with spaces where tabs belong",
    "record_over_two_lines": "record that is broken over two lines",
    "shifted_fields": "line whose fields are shifted by one",
    "rotated_fields": "line whose fields are rotated",
    "misspelled_file": "line that spells its image otherwise than the disk",
    "named_again": "line that names an image again, with the same expression",
}
# The same for what is left out. Those from `conflicting_expressions` on are about images on disk: each image
# that is left out is counted under exactly one of them.
LEFT_OUT = {
    "empty_file": "text file without any line",
    "no_text_file": "folder without a text file",
    "no_labels": "line without labels",
    "null_expression": "line whose expression is null",
    "broken_line": "line that cannot be understood",
    "image_missing": "line whose image does not exist",
    "conflicting_expressions": "image that is named with different expressions",
    "unreadable_image": "image that cannot be read",
    "copy": "image that is the very same file as another one",
    "no_usable_line": "image without a usable line: no line names it, or only such as are listed above",
}


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Attributes:
        reason: a key of `REPAIRED` or `LEFT_OUT`.
        file: the file or folder, relative to the database, with forward slashes.
        line: number of the line in it, from 1; 0 where it is about the whole file.
        images: how many images on disk are left out by it.
        detail: what stood there.
    """

    reason: str
    file: str
    line: int = 0
    images: int = 0
    detail: str = ""

    def __post_init__(self):
        if self.reason not in REPAIRED and self.reason not in LEFT_OUT:
            raise ValueError(
                "A reason is not known. Expected one of "
                f"{', '.join([*REPAIRED, *LEFT_OUT])}. Received: reason={self.reason!r}"
            )


def count(findings: Iterable[Finding], reasons: Iterable[str]) -> dict[str, int]:
    """How often each of these reasons occurs, without the ones that never do.

    What is about images counts images, the rest counts findings.
    """
    counts = Counter()
    for finding in findings:
        counts[finding.reason] += finding.images or 1
    return {reason: counts[reason] for reason in reasons if counts[reason]}
