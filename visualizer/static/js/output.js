// Keeps the last lines of the output up to date.
import { ask } from "./visualizer.js";

const output = document.getElementById("output");
const PAUSE = 1000;

async function follow() {
  for (;;) {
    if (!document.hidden) {
      try {
        const { size, lines } = await ask(`${output.dataset.url}?size=${output.dataset.size}`);
        if (lines) {
          const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 40;
          output.textContent = lines.join("\n");
          output.dataset.size = size;
          document.getElementById("no-output").hidden = size > 0;
          if (atEnd) window.scrollTo(0, document.body.scrollHeight);
        }
      } catch {
        // The server is away; it is asked again.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

follow();
