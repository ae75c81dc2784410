"""Stages: every drawing of a technique during a training, kept beside the newest one.

A stage is identified by the number of batches trained before it, so that one stage is the same moment in
every technique. `stages.jsonl` has a line for each drawing, `history/<technique>/<batch>.pickle` its data.
"""
import json
import os
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from visualization_files.layout import BadFileError, open_inside
from visualization_files.names import TECHNIQUES
from visualization_files.writer import append_line, dump, move, replace_file, temporary_path

STAGES_FILE = "stages.jsonl"
DEFAULT_STAGE_LIMIT = 1000
_MAX_STAGES_BYTES = 50_000_000


@dataclass(frozen=True)
class Stage:
    """One drawing.

    Attributes:
        technique: name of the visualization.
        batch: batches trained before it, over the whole training.
        progress: the same in epochs.
        seconds: what drawing cost the training, in seconds of wall-clock time.
        time: when it was drawn, in seconds since 1970.
        file: its data, relative to the results folder; None where the drawing was skipped.
        details: what the page says about the picture: ranges, classes, why something is missing.
        number: how many of the technique's drawings came before it; None where that is not told.
    """

    technique: str
    batch: int
    progress: float
    seconds: float
    time: float
    file: str | None
    details: dict[str, Any] = field(default_factory=dict)
    number: int | None = None


def history_file(technique: str, batch: int, variant: str | None = None) -> str:
    """Data of a stage, or of a variant beside it, relative to the results folder."""
    return f"history/{technique}/{batch}.{variant}.pickle" if variant else f"history/{technique}/{batch}.pickle"


class StageWriter:
    """Stores the drawings of one technique for one input image.

    Args:
        results: the results folder (of that input image).
        technique: name of the visualization.
        limit: how many stages to keep. Past it every second one goes; the first and the newest stay.
    """

    def __init__(self, results: Path, technique: str, limit: int = DEFAULT_STAGE_LIMIT):
        if limit < 2:
            raise ValueError(f"Too few stages to keep. Expected 2 or more. Received: limit={limit}")
        self.results = Path(results)
        self.technique = technique
        self.limit = limit
        self.newest = self.results / TECHNIQUES[technique].file
        self.error_file = self.results / f"{technique}.error.txt"
        # Stages are numbered as they come; those whose number is a multiple of the stride stay.
        self._stride = 1
        self._number = 0
        self._kept: list[tuple[int, int]] = []
        self._variants: set[str] = set()

    def start(self) -> None:
        """Forget what an earlier training left of this technique."""
        self.newest.unlink(missing_ok=True)
        self.error_file.unlink(missing_ok=True)
        shutil.rmtree(self.results / "history" / self.technique, ignore_errors=True)
        self._rewrite_lines(lambda line: line.get("technique") != self.technique)
        self._stride, self._number, self._kept = 1, 0, []

    def resume(self, batch: int) -> int:
        """Go on with what an earlier process left: its stages up to a number of batches stay, later ones go.

        Returns:
            Batches before the last stage that stays; -1 where there is none.
        """
        self.error_file.unlink(missing_ok=True)
        self._rewrite_lines(lambda line: line.get("technique") != self.technique or _is_up_to(line, batch))
        for path in (self.results / "history" / self.technique).glob("*.pickle"):
            number, *variant = path.name.removesuffix(".pickle").split(".", 1)
            self._variants.update(variant)
            if number.isdecimal() and int(number) > batch:
                path.unlink(missing_ok=True)
        self._find_kept()
        if not self._kept:
            self.newest.unlink(missing_ok=True)
            return -1
        last = self._kept[-1][1]
        self._link_newest(self.results / history_file(self.technique, last))
        return last

    def _find_kept(self) -> None:
        """Find the stages that are there, and how far thinning was."""
        numbers = {stage.batch: stage.number for stage in _read_lines(self.results, None) if self._is_mine(stage)}
        stages = read_stages(self.results, self.technique)
        self._kept = [
            (place if numbers[stage.batch] is None else numbers[stage.batch], stage.batch)
            for place, stage in enumerate(stages)
        ]
        self._number = max((number for number in numbers.values() if number is not None), default=len(stages) - 1) + 1
        self._stride = 1
        while -(-(self._number - 1) // self._stride) + 1 > self.limit:
            self._stride *= 2

    def _is_mine(self, stage: Stage) -> bool:
        return stage.technique == self.technique and stage.file is not None

    def write(
        self, data: Any, batch: int, progress: float, seconds: float, details: dict[str, Any],
        variants: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Store a drawing: its history files first, then the newest file, then its line.

        A reader that has seen the line thus finds the files. Storing a batch again replaces it.

        Args:
            data: what the technique's file holds.
            batch: batches trained before it.
            progress: the same in epochs.
            seconds: what drawing it cost.
            details: what the page says about it.
            variants: further data of the same form by name, kept in the history alone.
        """
        for variant, further in (variants or {}).items():
            self._variants.add(variant)
            replace_file(self.results / history_file(self.technique, batch, variant), dump(further))
        name = history_file(self.technique, batch)
        replace_file(self.results / name, dump(data))
        self._link_newest(self.results / name)
        again = self._kept and self._kept[-1][1] == batch
        number = self._kept[-1][0] if again else self._number
        self._line(Stage(self.technique, batch, progress, seconds, time.time(), name, details, number))
        self.error_file.unlink(missing_ok=True)
        self._thin(batch)

    def skip(self, batch: int, progress: float, why: str) -> None:
        """Write down that a drawing was left out, and why."""
        self._line(Stage(self.technique, batch, progress, 0.0, time.time(), None, {"skipped": why}))

    def error(self, sentence: str) -> None:
        """Say on the page why this cannot be drawn; gone with the next drawing."""
        replace_file(self.error_file, sentence.encode())

    def _line(self, stage: Stage) -> None:
        append_line(self.results / STAGES_FILE, json.dumps(asdict(stage)))

    def _link_newest(self, history: Path) -> None:
        temporary = temporary_path(self.newest)
        temporary.unlink(missing_ok=True)
        try:
            os.link(history, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(history, temporary)
        move(temporary, self.newest)

    def _thin(self, batch: int) -> None:
        """Drop the former newest stage if it is off the stride; double the stride past the limit."""
        if self._kept and self._kept[-1][1] == batch:
            return
        if self._kept and self._kept[-1][0] % self._stride:
            self._remove([self._kept.pop()[1]])
        self._kept.append((self._number, batch))
        self._number += 1
        if len(self._kept) > self.limit:
            self._stride *= 2
            newest = self._kept[-1]
            gone = [kept for kept in self._kept[:-1] if kept[0] % self._stride]
            self._kept = [kept for kept in self._kept[:-1] if not kept[0] % self._stride] + [newest]
            self._remove([batch for _, batch in gone])
            there = {batch for _, batch in self._kept}
            mine = self.technique
            self._rewrite_lines(lambda line: line.get("technique") != mine or line.get("batch") in there)

    def _remove(self, batches: list[int]) -> None:
        for batch in batches:
            for variant in (None, *self._variants):
                (self.results / history_file(self.technique, batch, variant)).unlink(missing_ok=True)

    def _rewrite_lines(self, keep) -> None:
        path = self.results / STAGES_FILE
        if not path.exists():
            return
        lines = [line for line in path.read_bytes().splitlines() if line and keep(_parse(line) or {})]
        replace_file(path, b"".join(line + b"\n" for line in lines))


def read_stages(results: Path, technique: str, root: Path | None = None) -> list[Stage]:
    """All stages of a technique whose data is there, oldest first; skipped drawings are left out.

    Lines that are cut or make no sense are passed over, as a script may write anything.

    Args:
        results: the results folder (of an input image).
        technique: name of the visualization.
        root: the folder below which no link is followed; `results` by default.
    """
    stages = {}
    for stage in _read_lines(Path(results), root):
        if stage.technique == technique and stage.file == history_file(technique, stage.batch):
            stages[stage.batch] = stage
    there = _history_batches(Path(results), technique)
    return [stages[batch] for batch in sorted(stages) if batch in there]


def read_skipped(results: Path, technique: str, root: Path | None = None) -> list[Stage]:
    """The drawings of a technique that were left out, oldest first; why stands in `details["skipped"]`."""
    return [s for s in _read_lines(Path(results), root) if s.technique == technique and s.file is None]


def _history_batches(results: Path, technique: str) -> set[int]:
    try:
        names = os.listdir(results / "history" / technique)
    except OSError:
        return set()
    return {int(name[:-7]) for name in names if name.endswith(".pickle") and name[:-7].isdecimal()}


def _read_lines(results: Path, root: Path | None) -> list[Stage]:
    try:
        with open_inside(root or results, results / STAGES_FILE) as file:
            lines = file.read(_MAX_STAGES_BYTES).split(b"\n")[:-1]
    except (OSError, BadFileError):
        return []
    return [stage for line in lines if (stage := _stage(_parse(line)))]


def _parse(line: bytes) -> dict | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_up_to(line: dict, batch: int) -> bool:
    drawn = line.get("batch")
    return isinstance(drawn, int) and drawn <= batch


def _stage(line: dict | None) -> Stage | None:
    try:
        stage = Stage(
            str(line["technique"]), int(line["batch"]), float(line["progress"]), float(line["seconds"]),
            float(line["time"]), line["file"], line.get("details", {}), line.get("number"),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    sound = isinstance(stage.details, dict) and stage.batch >= 0 and isinstance(stage.file, str | None)
    sound = sound and (stage.number is None or type(stage.number) is int and stage.number >= 0)
    return stage if sound else None
