// Runs when the websocket is gone: says so, asks for the server every second, then loads the page again.
const connection = cb_obj.connection?.deref?.()
const server = connection?.url?.replace(/^ws/, "http")?.replace(/\/ws$/, "/autoload.js")
let place = document.getElementById("visualization-connection")
if (place === null) {
  place = document.createElement("p")
  place.id = "visualization-connection"
  place.setAttribute("role", "status")
  place.style.cssText =
    "position:fixed;left:50%;bottom:1rem;transform:translateX(-50%);z-index:1080;margin:0;" +
    "padding:.5rem 1rem;border-radius:.5rem;background:#664d03;color:#fff3cd;font:14px system-ui,sans-serif"
  document.body.append(place)
}
place.textContent = "The server does not answer. This page goes on by itself as soon as it does."
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
while (server !== undefined) {
  await wait(1000)
  try {
    // Any answer will do, also a refusal: the server is there.
    await fetch(server, {mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(5000)})
    break
  } catch (error) { /* not yet */ }
}
window.location.reload()
