"""Draws faces: identity in the proportions, expression in mouth, brows and eyes."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

# Side of the canvas on which a face is drawn before it is cut out and scaled.
_CANVAS = 200


@dataclass(frozen=True)
class Identity:
    """The proportions of a face, in parts of its height, and its colours."""

    width: float
    jaw: float
    eye_distance: float
    eye_size: float
    eye_height: float
    brow_height: float
    brow_thickness: float
    nose_length: float
    nose_width: float
    mouth_width: float
    mouth_height: float
    lip: float
    hair: float
    skin: tuple[int, int, int]
    hair_colour: tuple[int, int, int]


@dataclass(frozen=True)
class _Muscles:
    """What an expression does: mouth corners up, mouth open and wide, brows up and tilted in, eyes open."""

    corners: float = 0.0
    opened: float = 0.0
    wide: float = 1.0
    brows: float = 0.0
    tilt: float = 0.0
    eyes: float = 1.0
    nose: float = 0.0


_MUSCLES = {
    "NEUTRAL": _Muscles(),
    "ANGER": _Muscles(corners=-0.4, wide=0.9, brows=-0.6, tilt=1.0, eyes=0.8),
    "HAPPINESS": _Muscles(corners=1.0, opened=0.4, wide=1.35, eyes=0.7),
    "SADNESS": _Muscles(corners=-0.9, wide=0.9, brows=0.2, tilt=-0.9, eyes=0.7),
    "SURPRISE": _Muscles(opened=1.3, wide=0.75, brows=1.0, eyes=1.5),
    "FEAR": _Muscles(corners=-0.3, opened=0.6, wide=1.15, brows=0.8, tilt=-0.6, eyes=1.35),
    "DISGUST": _Muscles(corners=-0.6, opened=0.15, wide=1.0, brows=-0.4, tilt=0.4, eyes=0.55, nose=1.0),
}


def draw_identity(random: np.random.Generator) -> Identity:
    """A person that no other seed gives."""
    skin = np.array((205, 160, 125)) + random.uniform(-45, 35) + random.uniform(-8, 8, 3)
    dark = random.uniform(15, 75)
    return Identity(
        width=random.uniform(0.62, 0.86),
        jaw=random.uniform(0.55, 1.0),
        eye_distance=random.uniform(0.30, 0.44),
        eye_size=random.uniform(0.10, 0.16),
        eye_height=random.uniform(0.40, 0.48),
        brow_height=random.uniform(0.07, 0.12),
        brow_thickness=random.uniform(0.012, 0.04),
        nose_length=random.uniform(0.14, 0.24),
        nose_width=random.uniform(0.08, 0.17),
        mouth_width=random.uniform(0.20, 0.36),
        mouth_height=random.uniform(0.74, 0.82),
        lip=random.uniform(0.012, 0.04),
        hair=random.uniform(0.10, 0.28),
        skin=tuple(int(c) for c in skin.clip(40, 250)),
        hair_colour=tuple(int(c) for c in (dark + random.uniform(0, 25), dark, dark * 0.8)),
    )


def draw_face(who: Identity, expression: str, random: np.random.Generator) -> Image.Image:
    """A photograph of a person, as if cut tightly out of a film.

    Args:
        who: the person.
        expression: one of `case_study.records.EXPRESSIONS`, shown more or less strongly.
        random: for light, pose, noise, background and size.

    Returns:
        RGB image, 40 to 160 pixels wide, higher than wide.
    """
    image = Image.new("RGB", (_CANVAS, _CANVAS), tuple(int(c) for c in random.integers(20, 200, 3)))
    _draw(ImageDraw.Draw(image), who, _MUSCLES[expression], random)
    image = image.rotate(random.normal(0, 8), Image.Resampling.BILINEAR, translate=tuple(random.normal(0, 3, 2)))
    shear = random.normal(0, 0.08)
    image = image.transform(
        image.size, Image.Transform.AFFINE, (1, shear, -shear * _CANVAS / 2, 0, 1, 0), Image.Resampling.BILINEAR
    )
    half = round(_CANVAS * (who.width / 2 * 0.85 + 0.06))
    image = image.crop((_CANVAS // 2 - half, 8, _CANVAS // 2 + half, _CANVAS - 4))
    width = int(random.uniform(40, 160))
    image = image.resize((width, max(width + 1, round(width * image.height / image.width))))
    return _light(image, random)


def _draw(draw: ImageDraw.ImageDraw, who: Identity, face: _Muscles, random: np.random.Generator) -> None:
    size, middle, top = _CANVAS * 0.85, _CANVAS / 2, _CANVAS * 0.08
    strength = random.uniform(0.6, 1.1)
    # Turned and nodding, the middle of the face moves more than its edge.
    turn, nod = random.normal(0, 0.04) * size, random.normal(0, 0.025) * size

    def at(x: float, y: float) -> tuple[float, float]:
        return middle + x * size + turn * (1 - abs(x)), top + y * size + nod * (1 - abs(2 * y - 1))

    def oval(x: float, y: float, w: float, h: float, colour) -> None:
        (cx, cy), w, h = at(x, y), w * size / 2, h * size / 2
        draw.ellipse((cx - w, cy - h, cx + w, cy + h), fill=colour)

    dark = tuple(c * 2 // 3 for c in who.skin)
    oval(0, 0.42, who.width + 0.08, 0.98, who.hair_colour)
    oval(0, 0.5, who.width, 0.94, who.skin)
    oval(0, 0.72, who.width * who.jaw, 0.56, who.skin)
    oval(0, who.hair / 2 - 0.02, who.width * 0.9, who.hair, who.hair_colour)

    eyes = 1 + (face.eyes - 1) * strength
    for side in (-1, 1):
        x, y = side * who.eye_distance / 2, who.eye_height
        oval(x, y, who.eye_size, who.eye_size * 0.55 * eyes, (245, 245, 240))
        oval(x, y, who.eye_size * 0.45, who.eye_size * 0.5 * min(eyes, 1.1), (40, 25, 20))
        height = y - who.brow_height - 0.03 * face.brows * strength
        tilt = 0.03 * face.tilt * strength
        draw.line(
            (at(x - side * who.eye_size * 0.6, height + tilt), at(x + side * who.eye_size * 0.7, height - tilt)),
            who.hair_colour, max(1, round(who.brow_thickness * size)),
        )  # fmt: skip

    tip = who.eye_height + who.nose_length - 0.02 * face.nose * strength
    wide = who.nose_width * (1 + 0.2 * face.nose * strength)
    draw.line((at(-0.01, who.eye_height + 0.02), at(-wide / 2, tip), at(wide / 2, tip)), dark, 2)

    half = who.mouth_width / 2 * (1 + (face.wide - 1) * strength)
    curve, opened = 0.06 * face.corners * strength, 0.07 * face.opened * strength
    xs = np.linspace(-1, 1, 15)
    bend = [who.mouth_height + curve * (0.5 - x * x) for x in xs]
    gape = [opened * math.sqrt(max(0.0, 1 - x * x)) for x in xs]
    upper = [at(half * x, y - g / 2) for x, y, g in zip(xs, bend, gape, strict=True)]
    lower = [at(half * x, y + g / 2) for x, y, g in zip(xs, bend, gape, strict=True)]
    lips = max(1, round(who.lip * size))
    draw.polygon(upper + lower[::-1], fill=(60, 15, 20))
    for line in (upper, lower):
        draw.line(line, (150, 65, 65), lips, joint="curve")


def _light(image: Image.Image, random: np.random.Generator) -> Image.Image:
    image = ImageEnhance.Brightness(image).enhance(random.uniform(0.6, 1.25))
    image = ImageEnhance.Contrast(image).enhance(random.uniform(0.7, 1.15))
    image = image.filter(ImageFilter.GaussianBlur(random.uniform(0, 1.6)))
    # Film and lamps have a colour of their own: the skin's alone does not tell who it is.
    pixels = np.asarray(image, np.float32) * random.normal(1, 0.07, 3).astype(np.float32)
    side = np.linspace(-1, 1, image.width, dtype=np.float32)[None, :, None] * random.normal(0, 22)
    pixels = pixels + side + random.normal(0, random.uniform(2, 14), pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
