import react from "@vitejs/plugin-react";
import type { Connect, Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** A running server to develop against; the pages themselves are answered here. */
const server = process.env.WEIR_HTTP ?? "http://localhost:8000";

/** Which file the server answers a page's address with; the development server does the same. */
function pages(): Plugin {
  const rewrite: Connect.NextHandleFunction = (request, _response, next) => {
    const path = request.url?.split("?")[0] ?? "/";
    if (path.startsWith("/watch/")) request.url = "/watch.html";
    else if (path.startsWith("/embed/")) request.url = "/embed.html";
    else if (APP.test(path)) request.url = "/index.html";
    next();
  };
  return {
    name: "weir-pages",
    configureServer: ({ middlewares }) => void middlewares.use(rewrite),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(rewrite),
  };
}

/** Addresses of the app; of `/live/…` only what has no ending, the rest is media. */
const APP = /^\/($|(browse|search|login|register|setup)$|(live|v)\/[A-Za-z0-9]+$|(c|studio|me|settings|admin)(\/|$)|@(?!vite|react|id|fs)[\w-]+$)/;

export default defineConfig({
  plugins: [react(), pages()],
  appType: "mpa",
  server: {
    // The server checks that a page of its own asks: the host of the address stays.
    proxy: Object.fromEntries(
      ["/api", "/media", "/socket.io", "/live", "/streams"].map((path) => [path, { target: server, ws: true, changeOrigin: false }]),
    ),
  },
  build: {
    target: "es2022",
    // No data: addresses: the pages hold under a strict content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 500,
    rolldownOptions: { input: ["index.html", "watch.html", "embed.html"] },
  },
  test: { environment: "happy-dom" },
});
