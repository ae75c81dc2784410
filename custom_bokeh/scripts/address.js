// Keeps the stage in the address, and tells the page around, which keeps it in the links to the other tabs.
const address = new URL(window.location.href)
if (screen.stage === null) address.searchParams.delete("stage")
else address.searchParams.set("stage", screen.stage)
window.history.replaceState(window.history.state, "", address)
document.dispatchEvent(new CustomEvent("visualization-stage", {detail: {stage: screen.stage}}))
