// Runs before the page is painted, so that it never flashes in the other theme.
"use strict";
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const choice = localStorage.getItem("theme") || "auto";
    const theme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
    document.documentElement.dataset.bsTheme = theme;
    document.documentElement.dataset.themeChoice = choice;
    // The server draws the plots in the same theme.
    document.cookie = `theme=${theme}; path=/; max-age=31536000; SameSite=Lax`;
    // This page has plots, which were drawn in the other one.
    const drawn = document.documentElement.dataset.drawnTheme;
    if (drawn && drawn !== theme && document.cookie.includes(`theme=${theme}`)) location.reload();
  };
  window.applyTheme = apply;
  system.addEventListener("change", apply);
  apply();
})();
