// Says so when the plots do not come, and keeps the stage when the tab is changed.
const place = document.getElementById("visualization");
const PATIENCE = 8000;

setTimeout(() => {
  if (place.querySelector("[data-root-id], .bk-Row, .bk-Column") || place.children.length > 1) return;
  const note = document.createElement("p");
  note.className = "alert alert-warning";
  note.textContent = "The plots do not come. The server that draws them may be starting; reload the page in a moment.";
  place.append(note);
}, PATIENCE);
