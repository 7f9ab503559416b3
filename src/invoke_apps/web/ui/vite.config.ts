import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Addresses are relative: the server may stand below a path of a proxy, and says so in <base>.
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: {
    outDir: "../ui_dist",
    emptyOutDir: true,
    manifest: true,
    sourcemap: false,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/api": "http://127.0.0.1:9090" } },
});
