"""What a page's browser and its server tell each other besides the pictures themselves."""
from pathlib import Path

from bokeh.core.properties import Bytes, Int, List, Nullable, String
from bokeh.model import DataModel
from bokeh.models import CustomJS

SCRIPTS = Path(__file__).parent / "scripts"


class Screen(DataModel):
    """State that both sides share.

    `frame` and `seen` keep a slow browser from being sent more than it can draw: the server counts `frame` up
    with each picture it sends, the browser answers with `seen` once it has drawn it.
    """

    frame = Int(0, help="number of the picture sent last")
    seen = Int(0, help="number of the picture drawn last")
    stage = Nullable(Int, help="the stage that somebody took hold of, as batches; None follows the newest")
    width = Int(0, help="width of the page in pixels of the screen")
    narrow = Int(0, help="1 on a narrow page, such as a phone's")
    in_view = Nullable(List(String), help="names of the parts in view; None until the browser has looked")
    download_name = String("", help="file name of what is downloaded")
    download_type = String("", help="its media type")
    download = Nullable(Bytes, help="content of a file to download")
    downloads = Int(0, help="how many files the browser has taken")


def script(name: str, **arguments) -> CustomJS:
    """One of the scripts that run in the browser; its arguments are its variables."""
    return CustomJS(code=(SCRIPTS / f"{name}.js").read_text(encoding="utf-8"), args=arguments)
