"""How fast the pages are: from a file to the screen, from a stage to another, long runs, and memory over many visits.

    python benchmarks/pages.py [latency jump long soak tensorboard]

It starts the Bokeh server, a browser, and viewers that speak the browser's protocol, all on this machine, so the
viewers take their share of its processors. The clock runs from the call that stores a drawing until the browser has
painted it; among many viewers, until each has the picture.
"""
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "custom_bokeh")]

from page_bed import PageBed  # noqa: E402
from sample_run import LAYERS, SampleRun  # noqa: E402
from socket_client import SocketClient, in_own_loop  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
DRAWINGS, PAUSE = 40, 0.4  # how many drawings are measured, and seconds between them
_TONES = 200
# Notes for each frame that is painted which grey the first map of the first layer has.
_WATCH = """
() => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])])
  const find = () => {
    const figure = all(document).find((e) => e.getAttribute("aria-label")?.startsWith("tone"))
    return figure && all(figure.shadowRoot).find((e) => e.tagName === "CANVAS" && e.width > 0)
  }
  let canvas = null
  window.seen = {}
  const look = () => {
    canvas ??= find()
    if (canvas) {
      const pixel = canvas.getContext("2d").getImageData(0.03 * canvas.width, 0.06 * canvas.height, 1, 1).data
      window.now = pixel[0]
      window.seen[pixel[0]] ??= Date.now() / 1000
    }
    requestAnimationFrame(look)
  }
  look()
}
"""


def tone(batch: int) -> int:
    """The grey by which a drawing is known on the screen."""
    return 20 + batch % _TONES


def toned(batch: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.full(shape, tone(batch), np.uint8)


@contextmanager
def bench():
    """A run in an empty storage, its server, and a browser's tab."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run, bed = SampleRun(Path(folder)), PageBed(Path(folder))
        run.image()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
        try:
            yield run, bed, page
        finally:
            browser.close()
            bed.close()
            run.close()


def percentile(times: list[float], share: float = 95) -> str:
    return f"{1000 * np.percentile(times, share):.0f} ms"


def row(what: str, measured: str, wished: str) -> None:
    print(f"| {what} | {measured} | {wished} |", flush=True)


def open_page(page: Page, bed: PageBed, name: str, **options) -> float:
    """Open a page; returns the seconds until its plots are painted."""
    begin = time.perf_counter()
    page.goto(bed.url(name, **options), wait_until="commit")
    page.wait_for_function("window.Bokeh?.documents?.[0]?.is_idle === true", polling=20, timeout=60_000)
    return time.perf_counter() - begin


# From the file to the screen


def latency(viewers: int) -> None:
    with bench() as (run, bed, page):
        draw(run, 0)
        open_page(page, bed, "layer_activations")
        page.evaluate(_WATCH)
        page.wait_for_function(f"window.now === {tone(0)}")
        clients = [SocketClient(bed, "layer_activations") for _ in range(viewers - 1)]
        stored: dict[int, float] = {}
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(in_own_loop, follow(clients, lambda: record(run, stored)))
            while not done.done():
                page.wait_for_timeout(100)  # lets the browser's driver work
            done.result()
        page.wait_for_function(f"window.now === {tone(DRAWINGS)}")
        seen = {int(value): moment for value, moment in page.evaluate("window.seen").items()}
        screen = [seen[tone(batch)] - moment for batch, moment in stored.items() if tone(batch) in seen]
        row(f"file to screen, {viewers} viewers, 95th percentile of {len(screen)} drawings", percentile(screen),
            "250 ms" if viewers == 1 else "500 ms")  # fmt: skip
        row("the same, median", percentile(screen, 50), "")
        if clients:
            late = [m - stored[b] for c in clients for b, m in arrivals(c).items() if b in stored]
            what = f"file to viewer, all {len(clients)} others, 95th percentile of {len(late)}"
            row(what, percentile(late), "500 ms")


def draw(run: SampleRun, batch: int) -> None:
    layers = [("tone", toned(batch, (8, 26, 26)))]
    layers += [(name, np.full(shape, batch % 256, np.uint8)) for name, shape in LAYERS.items()]
    run.draw("layer_activations", layers, {}, batch=batch)


async def record(run: SampleRun, stored: dict[int, float]) -> None:
    for batch in range(1, DRAWINGS + 1):
        await asyncio.sleep(PAUSE)
        moment = time.time()
        draw(run, batch)
        stored[batch] = moment
    await asyncio.sleep(2)


async def follow(clients: list[SocketClient], work: Callable) -> None:
    for client in clients:
        await client.open()
    tasks = [asyncio.create_task(client.follow()) for client in clients]
    await work()
    for client in clients:
        client.close()
    await asyncio.gather(*tasks)


def arrivals(client: SocketClient) -> dict[int, float]:
    """When each stage's caption, which comes with its picture, reached a viewer."""
    found = {}
    for text, moment in client.arrivals:
        digits = text.partition("After ")[2].partition(" batches")[0].replace(",", "")
        if digits.isdecimal():
            found.setdefault(int(digits), moment)
    return found


# From stage to stage


def jump(title: str, layers: dict[str, tuple[int, ...]], wished: str) -> None:
    """Jumps between 1,000 stored stages: each is read from its file for the first time."""
    with bench() as (run, bed, page):
        # Ten different drawings, and links to them: a thousand files to the reader, ten to the disk.
        for batch in range(1000):
            path = run.folder.results / "history" / "layer_activations" / f"{batch}.pickle"
            if batch < 10:
                parts = [("tone", toned(batch, next(iter(layers.values()))))]
                parts += [(name, toned(batch, shape)) for name, shape in list(layers.items())[1:]]
                run.draw("layer_activations", parts, {}, batch=batch)
            else:
                os.link(path.with_name(f"{batch % 10}.pickle"), path)
        lines = (run.folder.results / "stages.jsonl").read_text().splitlines()
        for batch in range(10, 1000):
            line = lines[0].replace('"batch": 0', f'"batch": {batch}')
            lines.append(line.replace("/0.pickle", f"/{batch}.pickle"))
        (run.folder.results / "stages.jsonl").write_text("\n".join(lines) + "\n")
        opened = open_page(page, bed, "layer_activations")
        page.evaluate(_WATCH)
        page.get_by_text("Stage 1000 of 1000").wait_for()
        times, shown = [], 9
        for stage in np.random.default_rng(1).permutation(1000)[:60]:
            if stage % 10 != shown:
                times.append(jump_to(page, int(stage)))
                shown = stage % 10
        row(f"jump to a stage, {title}, 95th percentile of {len(times)}", percentile(times), wished)
        row(f"opening that page with 1,000 stages, {title}", f"{opened:.2f} s", "")


def jump_to(page: Page, stage: int) -> float:
    return page.evaluate(
        """async ([stage, tone]) => {
          const models = [...Bokeh.documents[0]._all_models.values()]
          const slider = models.find((m) => m.type === "Slider" && m.title === "Stage")
          const begin = performance.now()
          slider.value = stage
          while (window.now !== tone && performance.now() - begin < 20000)
            await new Promise((resolve) => requestAnimationFrame(resolve))
          return (performance.now() - begin) / 1000
        }""",
        [stage, tone(stage % 10)],
    )


# Long runs


def long(rows: int = 1_000_000) -> None:
    with bench() as (run, bed, page):
        rng = np.random.default_rng(0)
        values = np.column_stack([np.arange(1, rows + 1) / 1000, rng.random(rows), 2 * rng.random(rows)])
        path = run.folder.results / "training_progress.txt"
        with path.open("w") as file:
            file.write("# progress accuracy loss\n")
            file.write("".join(f"{x:.3f} {a:.6f} {b:.6f}\n" for x, a, b in values.tolist()))
        first = open_page(page, bed, "training_progress")
        row(f"opening the training progress of {rows:,} batches, first time", f"{first:.2f} s", "1 s")
        again = [open_page(page, bed, "training_progress") for _ in range(5)]
        row("opening it again, median of 5", f"{np.median(again):.2f} s", "1 s")
        zoomed = page.evaluate(
            """async () => {
              const models = [...Bokeh.documents[0]._all_models.values()]
              const source = models.find((m) => m.type === "ColumnDataSource" && m.data.x?.length > 2000)
              const plot = models.find((m) => m.type === "Figure")
              const begin = performance.now()
              plot.x_range.setv({start: 500, end: 500.1})
              while (source.data.x.length > 200 && performance.now() - begin < 20000)
                await new Promise((resolve) => requestAnimationFrame(resolve))
              return [performance.now() - begin, source.data.x.length]
            }"""
        )
        row("zoom to 100 single batches of it", f"{zoomed[0]:.0f} ms ({zoomed[1]} points)", "")


# Many visits


def soak(visits: int = 500) -> None:
    with bench() as (run, bed, page):
        draw(run, 0)
        run.saliency(batch=0)
        run.train(200)
        process = psutil.Process(bed.process.pid)
        names = ("layer_activations", "saliency_maps", "training_progress")

        async def visit(count: int, first: int) -> None:
            for number in range(first, first + count):
                client = SocketClient(bed, names[number % 3])
                await client.open()
                draw(run, number)
                run.train(3)
                client.close()

        in_own_loop(visit(60, 1))
        time.sleep(25)  # sessions are freed 15 to 20 seconds after their page was closed
        before = process.memory_info().rss
        in_own_loop(visit(visits, 61))
        peak = process.memory_info().rss
        time.sleep(25)
        grown = (process.memory_info().rss - before) / 2**20
        row(f"memory after {visits} visits to a run that writes, against before", f"{grown:+.0f} MB", "50 MB")
        row("the same, while the last visits were not freed yet", f"{(peak - before) / 2**20:+.0f} MB", "")


PARTS: dict[str, list[Callable[[], None]]] = {
    "latency": [lambda: latency(1), lambda: latency(50)],
    "jump": [
        lambda: jump("MNIST example", {"tone": (32, 26, 26), **LAYERS}, "300 ms"),
        lambda: jump("a layer of VGG16", {"tone": (64, 224, 224)}, "1,000 ms"),
    ],
    "long": [long],
    "soak": [soak],
}


def main() -> None:
    chosen = sys.argv[1:] or list(PARTS)
    print("| what | measured | at most |\n| --- | --- | --- |")
    for name in chosen:
        for part in PARTS[name]:
            part()
    print(f"\nload of the machine before and now: {os.getloadavg()}, {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
