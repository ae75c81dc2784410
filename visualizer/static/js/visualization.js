// The page around the plots: keeps the stage when the tab is changed, and goes on after their server was away.
const place = document.getElementById("visualization");
const PATIENCE = 8000; // milliseconds until it is odd that no plots have come
const SOON = 4000; // milliseconds after which to see whether their server has answered at all
const CALM = 20_000; // milliseconds of a standing page after which earlier reloads no longer count
const AWAY = "The server does not answer. This page goes on by itself as soon as it does.";

let waits = false;

function keepStage(stage) {
  for (const tab of document.querySelectorAll("[data-tab]")) {
    const address = new URL(tab.href);
    if (stage === null) address.searchParams.delete("stage");
    else address.searchParams.set("stage", stage);
    tab.href = address;
  }
}

function say(text) {
  const note = document.createElement("p");
  note.className = "server-away";
  note.role = "status";
  document.body.append(note);
  note.textContent = text;
}

async function answers(address, options) {
  try {
    // Any answer will do, also a refusal: the server is there.
    await fetch(address, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(5000), ...options });
    return true;
  } catch {
    return false;
  }
}

const serversAnswer = async () =>
  (await answers(place.dataset.server, { mode: "no-cors" })) && (await answers(location.href));

// A whole new page brings a new grant, which a mere reconnection would not.
async function reloadWhenBack() {
  if (waits) return;
  waits = true;
  say(AWAY);
  const reloads = Number(sessionStorage.getItem("reloads"));
  do await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** Math.min(reloads, 5)));
  while (!(await serversAnswer()));
  sessionStorage.setItem("reloads", reloads + 1);
  location.reload();
}

// Bokeh's loader arrives as a script of its own, long before the plots where the way is slow.
const loaderCame = () => place.dataset.ready || document.querySelector('script[src^="blob:"]') !== null;

async function checkThatPlotsCome() {
  if (place.dataset.ready || waits) return;
  if (!(await serversAnswer())) await reloadWhenBack();
  else say("The plots do not come. Reload the page; where it stays so, something between you and the server blocks them.");
}

document.addEventListener("visualization-ready", () => { place.dataset.ready = "yes"; });
document.addEventListener("visualization-lost", reloadWhenBack);
document.addEventListener("visualization-stage", (event) => keepStage(event.detail.stage));
// Leaving the page closes the connection, too.
addEventListener("pagehide", () => { waits = true; });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

setTimeout(() => { if (!loaderCame()) reloadWhenBack(); }, SOON);
setTimeout(checkThatPlotsCome, PATIENCE);
setTimeout(() => { if (!waits) sessionStorage.removeItem("reloads"); }, CALM);
document.querySelector("[data-tab][aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
