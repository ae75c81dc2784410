// Saves a plot as SVG, which draws it anew as lines and texts.
function save(blob) {
  const address = URL.createObjectURL(blob)
  const link = document.createElement("a")
  link.href = address
  link.download = file_name
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
void cb_context.index.get_one(plot).export("svg").to_blob().then(save)
