/** Light, dark, or as the system says; kept on this device. */

export type Theme = "system" | "light" | "dark";

const KEY = "weir.theme";

export function currentTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system";
  }
}

export function chooseTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // No storage here: it holds until the page is left.
  }
  applyTheme(theme);
}

export function applyTheme(theme: Theme = currentTheme()): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
