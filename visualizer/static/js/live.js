// Keeps up to date what changes by itself while a run waits or runs.
import { ask } from "./visualizer.js";

const PAUSE = 2000;

function show(facts, place) {
  for (const value of place.querySelectorAll("[data-fact]")) {
    const name = value.dataset.fact;
    const known = name in facts;
    if (known && value.textContent !== facts[name]) value.textContent = facts[name];
    value.hidden = place.querySelector(`[data-fact-name="${name}"]`).hidden = !known;
  }
}

async function follow() {
  for (;;) {
    const place = document.querySelector("[data-live-url]");
    if (place && !document.hidden) {
      try {
        show(await ask(place.dataset.liveUrl), place);
      } catch {
        // The server is away; it is asked again.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

follow();
