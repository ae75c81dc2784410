"""`python -m custom_bokeh`: starts the Bokeh server."""
import argparse
import asyncio
import os
import sys
from pathlib import Path

from custom_bokeh.server import Settings, serve

KEY_VARIABLE = "VISUALIZER_BOKEH_KEY"


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and serve; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m custom_bokeh", description=__doc__)
    parser.add_argument("--storage", type=Path, required=True, help="the user storage")
    parser.add_argument("--address", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=5006, help="port to listen on; 0 takes a free one")
    parser.add_argument("--origin", action="append", default=[], metavar="HOST:PORT",
                        help="of the pages that embed it; may be given several times")  # fmt: skip
    parser.add_argument("--prefix", default="", help="path in front of all addresses")
    options = parser.parse_args(arguments)
    # Taken out of the environment, so that nothing started from here can read it.
    key = os.environ.pop(KEY_VARIABLE, "")
    if not key:
        print(f"The key of the servers is missing. Expected: the variable {KEY_VARIABLE}.", file=sys.stderr)
        return 2
    settings = Settings(
        options.storage.absolute(), key, options.address, options.port, options.origin, options.prefix
    )
    try:
        asyncio.run(serve(settings))
    except OSError as error:
        place = f"{options.address}:{options.port}"
        print(f"The Bokeh server cannot listen on {place}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
