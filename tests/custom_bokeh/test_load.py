"""Many viewers: each gets every picture, and what they cost goes when they go."""
import asyncio
import gc
import time
from functools import partial
from types import SimpleNamespace

from page_bed import KEY, PageBed
from socket_client import SocketClient, in_own_loop

from custom_bokeh import server
from custom_bokeh.pages import Pages

LAYER = {"Layer 1: conv2d": (4, 6, 6)}


def until(check, seconds=20.0):
    async def wait():
        end = time.monotonic() + seconds
        while not check():
            assert time.monotonic() < end, "It did not happen in time."
            await asyncio.sleep(0.02)

    return wait()


def test_each_of_several_viewers_gets_each_new_picture(run, bed):
    run.image()
    run.activations(LAYER, batch=0)

    async def watch():
        clients = [SocketClient(bed, "layer_activations") for _ in range(5)]
        await asyncio.gather(*(client.open() for client in clients))
        tasks = [asyncio.create_task(client.follow()) for client in clients]
        for batch in (10, 20, 30):
            run.activations(LAYER, batch=batch)
            text = f"After {batch} batches"
            await until(lambda: all(any(text in said for said, _ in c.arrivals) for c in clients))  # noqa: B023
        quiet = [client.received for client in clients]
        await asyncio.sleep(1.5)
        assert [client.received - before for client, before in zip(clients, quiet, strict=True)] == [0] * 5
        for client in clients:
            client.close()
        await asyncio.gather(*tasks)

    in_own_loop(watch())


def test_pages_that_are_opened_and_closed_leave_nothing_behind(run, tmp_path, monkeypatch):
    """The long variant, which looks at the memory of the process, is in benchmarks/pages.py."""
    monkeypatch.setattr(server, "UNUSED_LIFETIME", 300)
    monkeypatch.setattr(server, "CHECK_UNUSED", 100)
    run.image()
    run.activations(LAYER, batch=0)

    async def visit():
        pages = Pages()
        pages.watcher.start()
        bokeh = server.make_server(server.Settings(tmp_path, KEY, port=0, origins=["localhost:1"]), pages)
        bokeh.start()
        bed = SimpleNamespace(host="localhost", port=bokeh.port, web_port=1, headers=partial(PageBed.headers, None))
        names = ("layer_activations", "saliency_maps", "training_progress")
        for number in range(1, 31):
            client = SocketClient(bed, names[number % 3])
            await client.open()
            assert len(pages) > 0
            run.activations(LAYER, batch=number)
            client.close()
        await until(lambda: len(pages) == 0)
        await until(lambda: gc.collect() >= 0 and not pages.library._feeds)
        assert not pages.watcher._folders
        assert len(pages.library.cache) == 0 and pages.library.cache.size == 0
        assert not bokeh.get_sessions("/layer_activations")
        await pages.watcher.stop()
        bokeh.stop()

    in_own_loop(visit())
