"""How the pages look: two themes, and colours that colour-blind people can tell apart (Okabe and Ito)."""
from dataclasses import dataclass

from bokeh.palettes import interp_palette
from bokeh.themes import Theme

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"


@dataclass(frozen=True)
class Colours:
    """The colours of one theme, for what Bokeh's own theme cannot reach."""

    text: str
    quiet: str
    surface: str
    page: str
    border: str
    grid: str
    training: str
    validation: str
    mark: str
    others: tuple[str, ...]


LIGHT = Colours(
    text="#1f2328", quiet="#59636e", surface="#ffffff", page="#ffffff", border="#8c959f", grid="#d8dee4",
    training="#0072b2", validation="#00805a", mark="#d55e00",
    others=("#d55e00", "#a64d79", "#8a6d00", "#5b6770"),
)  # fmt: skip
DARK = Colours(
    text="#e6edf3", quiet="#9da7b3", surface="#1a1d21", page="#212529", border="#6e7681", grid="#343a41",
    training="#56b4e9", validation="#2fd0a0", mark="#ff9f50",
    others=("#ff9f50", "#e59bc4", "#f0e442", "#b4bec8"),
)  # fmt: skip
COLOURS = {"light": LIGHT, "dark": DARK}

# From blue over white to orange, the middle exactly at 128.
DIFFERENCES = [*interp_palette(["#0072b2", "#ffffff"], 129), *interp_palette(["#ffffff", "#d55e00"], 128)[1:]]


GREYS = [f"#{value:02x}{value:02x}{value:02x}" for value in range(256)]
# By their names; each has 256 colours for pictures of one byte a pixel.
PALETTES = {"greys": GREYS, "differences": DIFFERENCES}


def _theme(colours: Colours) -> Theme:
    label = {"text_color": colours.text, "text_font": _FONT}
    axis = {
        f"{part}_{name}": value
        for part in ("axis_label", "major_label")
        for name, value in {"text_color": colours.quiet, "text_font": _FONT, "text_font_size": "12px"}.items()
    }
    return Theme(json={"attrs": {
        "Plot": {
            "background_fill_color": None,
            "border_fill_color": None,
            "outline_line_color": None,
        },
        "Axis": {
            **axis,
            "axis_label_text_font_style": "normal",
            "axis_line_color": colours.border,
            "major_tick_line_color": colours.border,
            "minor_tick_line_color": None,
        },
        "Grid": {"grid_line_color": colours.grid},
        "Title": {**label, "text_font_style": "normal", "text_font_size": "13px"},
        "Legend": {
            "label_text_color": colours.text,
            "label_text_font": _FONT,
            "label_text_font_size": "12px",
            "background_fill_color": colours.surface,
            "background_fill_alpha": 0.75,
            "border_line_color": None,
        },
    }})  # fmt: skip


THEMES = {name: _theme(colours) for name, colours in COLOURS.items()}


def style_sheet(theme: str) -> str:
    """Style of texts and widgets, which live in shadow roots that the page's own style does not reach."""
    colours = COLOURS[theme]
    return f"""
:host {{ color: {colours.text}; font-size: 14px; }}
a {{ color: {colours.training}; }}
.quiet {{ color: {colours.quiet}; }}
.heading {{ font-size: 16px; font-weight: 600; margin: 0; }}
.part {{ margin-top: 14px; }}
.sentence {{ border-left: 3px solid {colours.border}; padding: 6px 12px; margin: 0; }}
.sentence.error {{ border-left-color: {colours.mark}; }}
p {{ margin: 2px 0; }}
label, .bk-slider-title {{ color: {colours.text}; }}
.bk-input, select.bk-input {{
    color: {colours.text}; background-color: {colours.surface}; border-color: {colours.border};
}}
select:not([multiple]).bk-input {{ background-image: url("{_arrow(colours)}"); }}
.bk-input option {{ color: {colours.text}; background-color: {colours.surface}; }}
.bk-btn, .bk-btn-default {{
    color: {colours.text}; background-color: {colours.surface}; border-color: {colours.border}; font-size: 13px;
}}
.bk-btn:hover, .bk-btn.bk-active {{
    color: {colours.page}; background-color: {colours.training}; border-color: {colours.training};
}}
.bk-btn[disabled], .bk-btn[disabled]:hover {{
    color: {colours.quiet}; background-color: {colours.page}; border-color: {colours.grid}; opacity: 1;
}}
.noUi-target {{ background-color: {colours.grid}; border-color: {colours.border}; box-shadow: none; }}
.noUi-handle {{
    background-color: {colours.surface}; border-color: {colours.text}; box-shadow: none; cursor: pointer;
}}
[disabled] .noUi-handle {{ border-color: {colours.grid}; cursor: not-allowed; }}
:focus-visible {{ outline: 2px solid {colours.training}; outline-offset: 2px; }}
"""


def _arrow(colours: Colours) -> str:
    """The arrow of a select box; Bokeh's own is black."""
    shape = "<path d='M0,0 25,0 12.5,20 Z' fill='{}'/>".format(colours.quiet.replace("#", "%23"))
    return f"data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 25 20'>{shape}</svg>"
