"""Makes the files of a page with pictures: PNG, ZIP, GIF and NPZ."""
import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from custom_bokeh.arrays import reduced
from custom_bokeh.part import Part
from custom_bokeh.words import file_name, stage_text
from visualization_files.layout import BadFileError
from visualization_files.stages import Stage

if TYPE_CHECKING:
    from custom_bokeh.staged import StagedComponent

TYPES = {"png": "image/png", "zip": "application/zip", "gif": "image/gif", "npz": "application/octet-stream"}
# Stages of a film, its milliseconds per stage, and the pixels of its longer side.
MAX_FRAMES = 200
FRAME_MILLISECONDS = 200
MAX_FILM_SIDE = 900
MAX_SHEET_PIXELS = 60_000_000
_GAP = 8
_LINE = 16


def make(kind: str, page: "StagedComponent") -> bytes:
    """A file of the stage that a page shows, or of all its stages."""
    if kind == "gif":
        return film(page)
    stage = page.stage
    data = page.feed.data(stage)
    parts = page.parts(page.feed, stage, data)
    if kind == "npz":
        return arrays(parts)
    if kind == "zip":
        return archive(parts)
    return _encoded(sheet(parts, page, stage), "PNG")


def arrays(parts: list[Part]) -> bytes:
    """All arrays of a stage as they were stored, and the true values of black and white where known."""
    content = {}
    for part in parts:
        content[file_name(part.name)] = part.raw
        if part.values:
            content[f"{file_name(part.name)}_black_white"] = np.array(part.values)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **content)
    return buffer.getvalue()


def archive(parts: list[Part]) -> bytes:
    """Every picture of a stage as PNG in its own size."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for index, part in enumerate(parts):
            name = f"{index + 1:03}_{file_name(part.title)}.png"
            file.writestr(name, _encoded(Image.fromarray(np.asarray(part.make())), "PNG"))
    return buffer.getvalue()


def film(page: "StagedComponent") -> bytes:
    """All stages, or an even choice of them, as an animated GIF."""
    stages = page.feed.stages
    step = -(-len(stages) // MAX_FRAMES)
    chosen = [*stages[:-1:step], stages[-1]] if len(stages) > 1 else list(stages)
    frames = []
    for stage in chosen:
        try:
            parts = page.parts(page.feed, stage, page.feed.data(stage))
        except (BadFileError, FileNotFoundError):
            continue
        frame = sheet(parts, page, stage, MAX_FILM_SIDE)
        if not frames or frame.size == frames[0].size:
            frames.append(frame.convert("P", palette=Image.Palette.ADAPTIVE))
    buffer = io.BytesIO()
    frames[0].save(
        buffer, "GIF", save_all=True, append_images=frames[1:], duration=FRAME_MILLISECONDS, loop=0
    )
    return buffer.getvalue()


def sheet(parts: list[Part], page: "StagedComponent", stage: Stage, side: int | None = None) -> Image.Image:
    """All pictures of a stage with their titles, the run and the moment."""
    pictures = [np.asarray(part.make()) for part in parts]
    per_row = max(1, round(len(parts) ** 0.5 * 1.3)) if page.cards else 1
    width = max(300, max(picture.shape[1] for picture in pictures))
    pictures = [_fitted(picture, width, small=page.cards) for picture in pictures]
    cell = (max(300, *(p.shape[1] for p in pictures)) if per_row == 1 else max(p.shape[1] for p in pictures)) + _GAP
    cell = max(cell, 150)
    rows = [range(i, min(i + per_row, len(parts))) for i in range(0, len(parts), per_row)]
    heights = [max(pictures[i].shape[0] for i in row) + _LINE + _GAP for row in rows]
    image = Image.new("RGB", (per_row * cell + _GAP, sum(heights) + _LINE + 2 * _GAP), "white")
    draw = ImageDraw.Draw(image)
    draw.text((_GAP, _GAP // 2), f"{page.visit.folder.name}: {stage_text(stage)}", fill="black")
    top = _LINE + _GAP
    for row, height in zip(rows, heights, strict=True):
        for column, index in enumerate(row):
            left = _GAP + column * cell
            draw.text((left, top), parts[index].title, fill="black")
            image.paste(Image.fromarray(pictures[index]), (left, top + _LINE))
        top += height
    if side and max(image.size) > side:
        image.thumbnail((side, side))
    return image


def _fitted(picture: np.ndarray, width: int, small: bool) -> np.ndarray:
    """A picture large enough to be seen and small enough to be stored: whole pixels become larger ones."""
    wanted = 140 if small else min(width, 900)
    if picture.shape[1] < wanted:
        times = max(1, wanted // picture.shape[1])
        return picture.repeat(times, axis=0).repeat(times, axis=1)
    factor = max(1, -(-picture.size // MAX_SHEET_PIXELS))
    return reduced(picture, factor)


def _encoded(image: Image.Image, form: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()
