// Hands a file that the server sent to the browser's downloads.
if (screen.download !== null) {
  const address = URL.createObjectURL(new Blob([screen.download], {type: screen.download_type}))
  const link = document.createElement("a")
  link.href = address
  link.download = screen.download_name
  document.body.append(link)
  link.click()
  link.remove()
  screen.downloads += 1
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
