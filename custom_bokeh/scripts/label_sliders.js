// Gives the handles of sliders their names, which Bokeh leaves to the eye.
function label(attempts) {
  for (const slider of sliders) {
    const handle = cb_context.index.find_one(slider)?.el.shadowRoot.querySelector("[role=slider]")
    if (handle) handle.setAttribute("aria-label", slider.title)
    else if (attempts > 0) setTimeout(() => label(attempts - 1), 50)
  }
}
label(100)
