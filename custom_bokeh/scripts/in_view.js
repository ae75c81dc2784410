// Tells the server which parts of the page are in view or near it, and how wide the page is.
const observers = (globalThis.visualization_observers ??= new WeakMap())
observers.get(screen)?.disconnect()

let timer = null
function soon(action) {
  clearTimeout(timer)
  timer = setTimeout(action, 60)
}

const seen = new Map()
const tell = () => {
  const names = [...seen].filter(([, inside]) => inside).map(([element]) => element.visualization_part)
  if (screen.in_view === null || names.join("\n") !== screen.in_view.join("\n")) screen.in_view = names
}
const sight = new IntersectionObserver((entries) => {
  for (const entry of entries) seen.set(entry.target, entry.isIntersecting)
  soon(tell)
}, {rootMargin: "50% 0px"})

function measure(element) {
  const width = Math.ceil(element.clientWidth * window.devicePixelRatio)
  const narrow = element.clientWidth < 640 ? 1 : 0
  if (width > 0 && width !== screen.width) screen.width = width
  if (narrow !== screen.narrow) screen.narrow = narrow
}
const size = new ResizeObserver((entries) => {
  for (const entry of entries) setTimeout(() => measure(entry.target), 0)
})
observers.set(screen, {disconnect() { sight.disconnect(); size.disconnect(); clearTimeout(timer) }})

// Parts have names; rows and columns around them have none.
const named = (model) => model.name ? [model] : (model.children ?? []).flatMap(named)

function observe(attempts) {
  const parts = named(body)
  const view = cb_context.index.find_one(body)
  const views = parts.map((part) => cb_context.index.find_one(part))
  if (view === null || views.includes(null)) {
    // Views are built a little after their models have come.
    if (attempts > 0) setTimeout(() => observe(attempts - 1), 50)
    return
  }
  size.observe(view.el)
  views.forEach((view, index) => {
    view.el.visualization_part = parts[index].name
    sight.observe(view.el)
  })
}
observe(100)
