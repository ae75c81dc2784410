"""A control that offers files."""
from collections.abc import Callable

from bokeh.models import Select

from custom_bokeh.component import Component

_NOTHING = ""


def download_select(page: Component, kinds: dict[str, str], download: Callable[[str], None]) -> Select:
    """A select box, which unlike a menu can be used by keyboard, that goes back after each choice.

    Args:
        page: the component that it belongs to.
        kinds: what is offered, and how it is called.
        download: called with what somebody chose.
    """
    options = [(_NOTHING, "choose a file"), *kinds.items()]
    select = Select(title="Download", value=_NOTHING, options=options, width=180,
                    stylesheets=[page.sheet])  # fmt: skip

    def chosen(attr: str, old: str, new: str) -> None:
        if new in kinds:
            select.value = _NOTHING
            download(new)

    select.on_change("value", chosen)
    return select
