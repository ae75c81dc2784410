// Arrow keys step through the stages wherever they have no other meaning.
const busy = "input, textarea, select, button, [role=slider], [contenteditable]"
window.addEventListener("keydown", (event) => {
  const step = {ArrowLeft: -1, ArrowRight: 1}[event.key]
  const target = event.composedPath()[0]
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
  if (!slider.visible || slider.disabled || (target instanceof Element && target.closest(busy))) return
  slider.value = Math.min(slider.end, Math.max(slider.start, slider.value + step))
  event.preventDefault()
})
