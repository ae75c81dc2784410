"""What is told of a run while it waits or runs, in words; the page asks for it again and again."""

from flask import current_app

from visualizer.launcher.gpus import Gpu, find_gpus
from visualizer.launcher.limits import in_bytes, in_time
from visualizer.launcher.usage import Usage
from visualizer.models import Run
from visualizer.operations.pace import seconds_left
from visualizer.operations.scheduler import waiting_turns
from visualizer.operations.states import launcher

NOW = 3.0  # seconds; what a graphics processor did within them counts as the present
# What there is to tell, in the order of the page.
FACTS = {
    "place": "Waits",
    "duration": "Running for",
    "left": "Time left",
    "processor": "Processor",
    "memory": "Memory",
    "gpus": "GPUs",
}


def facts(run: Run) -> dict[str, str]:
    """What changes by itself about an unfinished run, by the name of the fact; what is not known is missing."""
    if run.state == "queued":
        return {"place": place(run)}
    answer = {"duration": in_words(run.seconds)}
    if (left := seconds_left(run)) is not None:
        answer["left"] = f"about {in_words(_roughly(left))}"
    if usage := launcher().usage(run.id):
        answer["processor"] = _cores(usage)
        limit = current_app.config["RUN_MEMORY_BYTES"]
        answer["memory"] = in_bytes(usage.memory_bytes) + (f" of at most {in_bytes(limit)}" if limit else "")
    if run.gpus:
        answer["gpus"] = "; ".join(say_gpu(gpu) for gpu in find_gpus(NOW) if gpu.identity in run.gpus.split(","))
    return answer


def _roughly(seconds: float) -> float:
    """What is guessed needs no seconds."""
    step = next((step for least, step in ((600, 60), (60, 10)) if seconds >= least), 1)
    return round(seconds / step) * step


def say_usage(run: Run) -> str:
    """What a run takes, in few words; empty where nobody knows."""
    usage = launcher().usage(run.id)
    return f"{_cores(usage)}, {in_bytes(usage.memory_bytes)}" if usage else ""


def _cores(usage: Usage) -> str:
    cores = f"{usage.cores:.2g}"
    return f"{cores} core{'' if cores == '1' else 's'} busy"


def place(run: Run) -> str:
    """Where a run stands in the queue, and the limit for which it waits."""
    turns = waiting_turns()
    turn = turns.get(run.id)
    if turn is None:
        return "It starts now."
    return f"Place {turn.place} of {len(turns)}. {turn.why or 'It starts in a moment.'}"


def say_gpu(gpu: Gpu) -> str:
    """A graphics processor and what it does."""
    busy = "" if gpu.busy is None else f", {gpu.busy:.0%} busy"
    memory = ""
    if gpu.used_bytes is not None and gpu.memory_bytes is not None:
        memory = f", {in_bytes(gpu.used_bytes)} of {in_bytes(gpu.memory_bytes)} taken"
    return f"GPU {gpu.index} ({gpu.name}){busy}{memory}"


def in_words(seconds: float) -> str:
    """A duration in its two largest units: 2 h 5 min."""
    seconds = round(seconds)
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    first = next((place for place, (number, _) in enumerate(parts) if number), 3)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number or first == 3)


def limits_in_words() -> list[tuple[str, str]]:
    """The limits that hold for each run or user, by name; those that are set."""
    config = current_app.config
    rows = [
        ("Runs on this machine", config["MAX_RUNS"], str),
        ("Runs per user", config["MAX_RUNS_PER_USER"], str),
        ("GPUs per user", config["MAX_GPUS_PER_USER"] if find_gpus() else 0, str),
        ("Time of a run", config["RUN_SECONDS"], in_time),
        ("Memory of a run", config["RUN_MEMORY_BYTES"], in_bytes),
        ("Output of a run", config["RUN_OUTPUT_BYTES"], in_bytes),
        ("Disk per user", config["USER_DISK_BYTES"], in_bytes),
    ]
    return [(name, say(value)) for name, value, say in rows if value]
