"""Numbers and moments as people read them."""
from visualization_files.stages import Stage


def figure(value: float) -> str:
    """A number with four digits that matter, and without an exponent where it can be read without."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"


def stage_text(stage: Stage) -> str:
    """Which moment of the training a stage is."""
    if stage.file is None:
        return "A single drawing"
    if stage.batch == 0:
        return "Before training"
    return f"After {stage.batch:,} batches, epoch {stage.progress:.4g}"


def file_name(title: str) -> str:
    """A title as a file name without ending."""
    return "_".join("".join(letter if letter.isalnum() else " " for letter in title).split()) or "picture"
