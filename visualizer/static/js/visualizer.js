// What every page does: theme, times, the states of runs, and banners when one ends.
const CHOICES = { auto: "as the system", light: "light", dark: "dark" };

export const token = () => document.querySelector('meta[name="csrf-token"]').content;

export async function ask(url, options = {}) {
  const answer = await fetch(url, { headers: { Accept: "application/json", "X-CSRFToken": token() }, ...options });
  if (!answer.ok || answer.redirected) throw new Error(`${url}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

export function showTimes(root = document) {
  for (const time of root.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    time.textContent = moment.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    time.title = moment.toLocaleString();
  }
}

function setUpTheme() {
  const button = document.getElementById("theme");
  const say = () => {
    const choice = CHOICES[document.documentElement.dataset.themeChoice];
    button.ariaLabel = button.title = button.lastElementChild.textContent = `Colours: ${choice}`;
  };
  button.addEventListener("click", () => {
    const names = Object.keys(CHOICES);
    const next = names[(names.indexOf(document.documentElement.dataset.themeChoice) + 1) % names.length];
    localStorage.setItem("theme", next);
    window.applyTheme();
    say();
  });
  say();
}

async function refreshFacts() {
  const places = [...document.querySelectorAll("[data-refresh-on-change]")];
  const inUse = places.some((place) => place.contains(document.activeElement));
  if (!places.length || document.querySelector(".modal.show") || inUse) return;
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  for (const place of places) {
    const fresh = page.getElementById(place.id);
    if (!fresh) continue;
    place.replaceChildren(...fresh.childNodes);
    showTimes(place);
  }
}

function setStates(states) {
  let changed = false;
  for (const label of document.querySelectorAll("[data-state-of]")) {
    const state = states.get(label.dataset.stateOf);
    if (state && state !== label.dataset.state) {
      label.dataset.state = label.textContent = state;
      changed = true;
    }
  }
  return changed;
}

const STYLES = { finished: "success", failed: "danger", stopped: "secondary", interrupted: "warning" };

function showBanner(run) {
  const id = `banner-${run.run}`;
  if (document.getElementById(id)) return;
  const banner = document.createElement("div");
  banner.id = id;
  banner.className = `alert alert-${STYLES[run.state]} alert-dismissible`;
  const link = document.createElement("a");
  link.href = run.url;
  link.className = "alert-link";
  link.textContent = run.sentence;
  banner.append(link, run.reason ? ` ${run.reason}` : "");
  if (run.last_lines) {
    const lines = document.createElement("pre");
    lines.className = "traceback";
    lines.textContent = run.last_lines;
    banner.append(lines);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close";
  close.ariaLabel = "Close";
  const seen = () => ask(run.announced_url, { method: "POST", keepalive: true });
  close.addEventListener("click", () => { banner.remove(); seen(); });
  link.addEventListener("click", seen);
  banner.append(close);
  document.getElementById("banners").append(banner);
}

async function followRuns() {
  const { runningUrl, pollSeconds } = document.body.dataset;
  if (!runningUrl) return;
  let known = null;
  for (;;) {
    let pause = Number(pollSeconds) * 1000;
    if (!document.hidden) {
      try {
        const runs = await ask(runningUrl);
        const changed = setStates(new Map(runs.map((run) => [run.filename, run.state])));
        runs.filter((run) => run.sentence).forEach(showBanner);
        const now = runs.map((run) => `${run.run} ${run.state}`).join();
        if (changed || (known !== null && known !== now)) await refreshFacts();
        known = now;
        document.dispatchEvent(new CustomEvent("runs", { detail: runs }));
      } catch {
        pause *= 3; // the server is away or the session has ended
      }
    }
    // Never ask again before the last answer was there.
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function setUpDialogs() {
  for (const dialog of document.querySelectorAll(".modal[data-open]")) {
    window.addEventListener("load", () => bootstrap.Modal.getOrCreateInstance(dialog).show());
  }
  document.getElementById("images")?.addEventListener("change", () => {
    document.getElementById("source-new").checked = true;
  });
}

// Writing into a field that belongs to a choice makes this choice.
function setUpChoices() {
  for (const field of document.querySelectorAll("[data-chooses]")) {
    field.addEventListener("input", () => {
      field.form.querySelector(`[type=radio][value="${field.dataset.chooses}"]`).checked = true;
    });
  }
}

setUpTheme();
showTimes();
setUpDialogs();
setUpChoices();
followRuns();
