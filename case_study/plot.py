"""Draws the accuracies of all configurations as an SVG picture, which needs no library and no browser."""

from case_study import thesis

_WIDTH, _HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 50, 40
_COLOURS = {"A": "#4477aa", "D": "#228833", "G": "#aa3377"}
_GROUPS = {"A": "features alone", "D": "expression as input", "G": "expression as output"}


def accuracy_plot(accuracies: dict[str, list[float]], title: str) -> str:
    """A row of columns, one for each configuration: a dot for each seed, a bar at their mean.

    Args:
        accuracies: for each configuration, the accuracies of all seeds on the test set.
        title: stands above it.

    Returns:
        The SVG document. The thesis' figures are hollow diamonds.
    """
    shown = [value for values in accuracies.values() for value in values]
    shown += [thesis.IDENTIFICATION[letter][1] for letter in accuracies]
    low, high = min(shown) - 0.01, max(shown) + 0.01
    column = (_WIDTH - _LEFT - _RIGHT) / max(1, len(accuracies))

    def y(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [_text(_LEFT, 20, title, "start", 15), *_legend(), *_axis(low, high, y)]
    for number, (letter, values) in enumerate(accuracies.items()):
        x, colour = _LEFT + (number + 0.5) * column, _COLOURS[_group(letter)]
        parts.append(_text(x, _HEIGHT - 15, letter))
        # Side by side, so that seeds of the same accuracy are seen.
        apart = min(6, column / 2 / len(values))
        for place, value in enumerate(values):
            at = x + (place - (len(values) - 1) / 2) * apart
            parts.append(f'<circle cx="{at:.1f}" cy="{y(value):.1f}" r="4" fill="{colour}" fill-opacity="0.5"/>')
        mean = y(sum(values) / len(values))
        parts.append(_line(x - 16, mean, x + 16, mean, colour, 2.5))
        parts.append(_diamond(x, y(thesis.IDENTIFICATION[letter][1])))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


def _group(letter: str) -> str:
    return max(first for first in _COLOURS if first <= letter)


def _axis(low: float, high: float, y) -> list[str]:
    step = next(s for s in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if (high - low) / s <= 8)
    parts = []
    for number in range(round(low / step), round(high / step) + 1):
        value = number * step
        if low <= value <= high:
            parts.append(_line(_LEFT, y(value), _WIDTH - _RIGHT, y(value), "#dddddd", 1))
            parts.append(_text(_LEFT - 8, y(value) + 4, f"{value:.3g}", "end"))
    return parts


def _legend() -> list[str]:
    parts, x = [], _LEFT
    for first, name in _GROUPS.items():
        parts.append(f'<circle cx="{x + 5}" cy="35" r="4" fill="{_COLOURS[first]}"/>')
        parts.append(_text(x + 14, 39, name, "start"))
        x += 155
    return [*parts, _diamond(x + 5, 35), _text(x + 14, 39, "thesis, on its own data", "start")]


def _text(x: float, y: float, text: str, anchor: str = "middle", size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{text}</text>'


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, width: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _diamond(x: float, y: float) -> str:
    return f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5-5z" fill="none" stroke="#555555"/>'
