"""Writes tables 5.1 to 5.4 of the thesis from what was measured, the thesis' figures beside them."""

import json
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from case_study import thesis
from case_study.plot import accuracy_plot
from case_study.statistics import compare, mean_and_spread
from case_study.table import SPLITS, default_folder

_COLUMNS = (
    ("validation", "accuracy"), ("testing", "accuracy"), ("validation", "loss"), ("testing", "loss"),
)  # fmt: skip
_HEAD = "accuracy validation | accuracy test | loss validation | loss test"


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line of `report`."""
    parser.add_argument("--data", type=Path, default=default_folder(), help="folder with the results")


def run(arguments: Namespace) -> None:
    """Run the command."""
    write_report(arguments.data)
    print(f"The report is {arguments.data / 'report.md'}.")


def write_report(data: Path) -> str:
    """Write `report.md` and `report.svg` from the results of all trainings.

    Args:
        data: folder of prepared data with `results/`.

    Returns:
        The report as Markdown.

    Raises:
        ValueError: if nothing was trained, or not all on the same features.
    """
    data = Path(data)
    results = _results(data)
    prepared = json.loads((data / "prepare.json").read_text())
    drawn = prepared["drawn"]
    text = "\n".join(_report(results, prepared)) + "\n"
    accuracies = {
        letter: [one["testing"]["identification"]["accuracy"] for one in ones] for letter, ones in results.items()
    }
    title = f"Identification accuracy on the test set{', drawn faces' if drawn else ''}"
    (data / "report.svg").write_text(accuracy_plot(accuracies, title), encoding="utf-8")
    (data / "report.md").write_text(text, encoding="utf-8")
    return text


def _results(data: Path) -> dict[str, list[dict]]:
    """Results of each configuration, in the order of letters and seeds."""
    found = [json.loads(path.read_text()) for path in sorted((data / "results").glob("*.json"))]
    if not found:
        raise ValueError(f"Nothing was trained. Expected what `python -m case_study train` keeps. Received: {data}")
    if len({result["data"] for result in found}) > 1:
        raise ValueError(
            f"The results in {data / 'results'} are of different features, which cannot be compared. Delete the "
            "old ones, or train anew."
        )
    results = defaultdict(list)
    for result in sorted(found, key=lambda result: (result["configuration"], result["seed"])):
        results[result["configuration"]].append(result)
    return dict(results)


def _report(results: dict[str, list[dict]], prepared: dict) -> Iterator[str]:
    yield f"# Results{' on drawn faces' if prepared['drawn'] else ''}\n"
    if prepared["drawn"]:
        yield (
            "**These are drawn faces.** They show that the study runs, not what is true of photographs. The "
            "thesis' figures are of photographs and stand here for the form alone.\n"
        )
    yield from _data(prepared)
    seeds = ", ".join(f"{letter} {len(ones)}" for letter, ones in results.items())
    yield f"Mean and standard deviation over seeds; number of seeds: {seeds}. `th.` is the thesis.\n"
    yield from _performance("5.1: Single output", "ABCDEF", results, "identification", thesis.IDENTIFICATION)
    yield from _performance("5.2: Two outputs, identification", "GHI", results, "identification", thesis.IDENTIFICATION)
    yield from _performance("5.3: Two outputs, expression", "GHI", results, "expression", thesis.EXPRESSION)
    yield from _times(results)
    yield "![Accuracy of each configuration](report.svg)\n"
    yield from _answer(results)


def _data(prepared: dict) -> Iterator[str]:
    sides = ", ".join(f"{prepared['split'].get(side, 0):,} for {side}" for side in SPLITS)
    expression, most = max(prepared["expressions"].items(), key=lambda item: item[1])
    yield (
        f"{prepared['kept']:,} images of {prepared['actors_kept']} people: {sides}. Always to say "
        f"{expression.lower()} would be right about {most / prepared['kept']:.1%} of the expressions.\n"
    )


def _performance(
    title: str, letters: str, results: dict, task: str, theirs: dict[str, tuple[float, ...]]
) -> Iterator[str]:
    yield f"## Table {title}\n\n| config. | {_HEAD} |\n| --- |{' --: |' * len(_COLUMNS)}"
    for letter in letters:
        cells = [
            f"{_spread([one[side][task][metric] for one in results[letter]]) if letter in results else '-'}, "
            f"th. {figure:.5f}"
            for (side, metric), figure in zip(_COLUMNS, theirs[letter], strict=True)
        ]
        yield f"| {letter} | {' | '.join(cells)} |"
    yield ""


def _times(results: dict) -> Iterator[str]:
    yield "## Table 5.4: Minutes of training\n\n| config. | here | epochs | thesis |\n| --- | --: | --: | --: |"
    for letter, minutes in thesis.MINUTES.items():
        ones = results.get(letter, [])
        here = _spread([one["minutes"] for one in ones], 2) if ones else "-"
        epochs = "/".join(sorted({str(one["epochs"]) for one in ones})) or "-"
        yield f"| {letter} | {here} | {epochs} | {minutes} |"
    yield ""


def _answer(results: dict) -> Iterator[str]:
    yield "## Does it help to know the expression?\n"
    yield (
        "B sees the features alone, E is also given the expression, H must also tell it. Compared are their "
        "identification accuracies on the test set, seed by seed, by a paired t-test, corrected after Holm. The "
        "split is the same for all seeds: the test tells differences from the chance of training, not from the "
        "choice of images.\n"
    )
    accuracies = {
        letter: {one["seed"]: one["testing"]["identification"]["accuracy"] for one in ones}
        for letter, ones in results.items()
    }
    comparisons = compare(accuracies)
    if not comparisons:
        yield "Not answered: train at least two of B, E and H."
        return
    yield "| compared | seeds | mean difference | 95% interval | p | thesis | |"
    yield "| --- | --: | --: | --- | --: | --: | --- |"
    for one in comparisons:
        interval = f"{one.interval[0]:+.5f} to {one.interval[1]:+.5f}" if one.interval else "-"
        p = "-" if one.p is None else f"{one.p:.4f}"
        theirs = thesis.IDENTIFICATION[one.first][1] - thesis.IDENTIFICATION[one.second][1]
        yield (
            f"| {one.first} - {one.second} | {one.seeds} | {one.difference:+.5f} | {interval} | {p} | "
            f"{theirs:+.5f} | {one.verdict} |"
        )


def _spread(values: list[float], digits: int = 5) -> str:
    mean, spread = mean_and_spread(values)
    return f"{mean:.{digits}f}" + ("" if len(values) < 2 else f" ± {spread:.{digits}f}")
