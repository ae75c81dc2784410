// Runs when the websocket is gone: says so, asks for the server every second, then loads the page again.
const connection = cb_obj.connection?.deref?.()
const server = connection?.url?.replace(/^ws/, "http")?.replace(/\/ws$/, "/autoload.js")

function say(text) {
  const place = document.createElement("p")
  place.setAttribute("role", "status")
  place.style.cssText =
    "position:fixed;left:50%;bottom:1rem;transform:translateX(-50%);z-index:1080;margin:0;" +
    "padding:.5rem 1rem;border-radius:.5rem;background:#664d03;color:#fff3cd;font:14px system-ui,sans-serif"
  place.textContent = text
  document.body.append(place)
}

async function answers() {
  try {
    // Any answer will do, also a refusal: the server is there.
    await fetch(server, {mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(5000)})
    return true
  } catch {
    return false
  }
}

async function wait_and_reload() {
  do {
    await new Promise((resolve) => setTimeout(resolve, 1000))
  } while (server !== undefined && !(await answers()))
  window.location.reload()
}

say("The server does not answer. This page goes on by itself as soon as it does.")
void wait_and_reload()
