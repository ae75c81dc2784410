"""The progress of a run as a file for other programs."""
from custom_bokeh.progress_feed import Table

# Rows that are turned into text at once.
_ROWS = 20_000


def csv(table: Table) -> bytes:
    """All rows of a table as comma-separated values, with its columns in the first line."""
    lines = [",".join(_cell(name) for name in table.columns)]
    count = table.count
    columns = [table.column(name)[:count] for name in table.columns]
    for start in range(0, count, _ROWS):
        rows = zip(*(column[start : start + _ROWS].tolist() for column in columns), strict=True)
        lines.extend(",".join(map(repr, row)) for row in rows)
    return ("\n".join(lines) + "\n").encode()


def _cell(name: str) -> str:
    """A name that no spreadsheet takes for a formula or for two cells."""
    name = name.replace('"', "'")
    return f"\"'{name}\"" if name[:1] in "=+-@" else (f'"{name}"' if "," in name else name)
