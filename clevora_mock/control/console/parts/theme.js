// The theme: light, dark, or the system's, which a button changes and the browser remembers.
import { html, signal } from "../html.js";

const THEMES = ["auto", "light", "dark"];
const theme = signal(storedTheme());

function storedTheme() {
  try {
    return THEMES.includes(localStorage.theme) ? localStorage.theme : "auto";
  } catch {
    return "auto";
  }
}

function useTheme(name) {
  theme.value = name;
  document.documentElement.dataset.theme = name;
  try {
    localStorage.theme = name;
  } catch {
    // A browser without storage forgets it.
  }
}

export const ThemeButton = () => html`
  <button
    type="button" class="button small icon theme" title=${`Theme: ${theme.value}`} aria-label=${`Theme: ${theme.value}; change it`}
    onClick=${() => useTheme(THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length])}
  >${{ auto: "◐", light: "☀", dark: "☾" }[theme.value]}</button>
`;

useTheme(theme.value);
