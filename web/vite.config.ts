import type { Connect, Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** A running server to develop against; `/watch/…` itself is answered here. */
const server = "http://localhost:8000";

/** The server answers every `/watch/{app}/{name}` with one page; so does the development server. */
function watchPage(): Plugin {
  const rewrite: Connect.NextHandleFunction = (request, _response, next) => {
    if (request.url?.startsWith("/watch/")) request.url = "/watch.html";
    next();
  };
  return {
    name: "watch-page",
    configureServer: ({ middlewares }) => void middlewares.use(rewrite),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(rewrite),
  };
}

export default defineConfig({
  plugins: [watchPage()],
  appType: "mpa",
  server: { proxy: { "/api": server, "/live": { target: server, ws: true } } },
  build: {
    target: "es2022",
    // No data: addresses: the pages hold under a strict content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 500,
    rolldownOptions: { input: ["index.html", "watch.html"] },
  },
  test: { environment: "happy-dom" },
});
