// Keeps the page of the machine up to date, loads what takes long to count, and asks before a stop.
import { showTimes } from "./visualizer.js";

const machine = document.getElementById("machine");
const PAUSE = Number(machine.dataset.refreshSeconds) * 1000;

async function load(url) {
  const answer = await fetch(url);
  if (!answer.ok || answer.redirected) throw new Error(`${url}: ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function follow() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (document.hidden || document.querySelector(".modal.show") || machine.contains(document.activeElement)) continue;
    try {
      machine.replaceChildren(...(await load(location.href)).getElementById("machine").childNodes);
      showTimes(machine);
    } catch {
      // The server is away; it is asked again.
    }
  }
}

async function loadParts() {
  for (const place of document.querySelectorAll("[data-load-url]")) {
    place.replaceChildren(...(await load(place.dataset.loadUrl)).body.childNodes);
  }
}

const dialog = document.getElementById("stop-run");
dialog.addEventListener("show.bs.modal", ({ relatedTarget: button }) => {
  dialog.querySelector("form").action = button.dataset.stopUrl;
  document.getElementById("stop-run-title").textContent = `Stop ${button.dataset.name} of ${button.dataset.owner}?`;
});

follow();
loadParts();
