// A finger that is drawn over a plot scrolls the page, until one of the plot's tools is chosen.
function let_scroll() {
  for (const view of cb_context.index.query((view) => view.model.toolbar != null)) {
    for (const tool of view.model.toolbar.tools) {
      if (tool.active && (tool.event_types ?? []).includes("pan")) tool.active = false
    }
  }
}
if (matchMedia("(pointer: coarse)").matches) setTimeout(let_scroll, 300)
