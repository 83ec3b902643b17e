import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The built page is package data of the wheel, so it lands beside the Python sources.
export default defineConfig({
  plugins: [react()],
  base: "/",
  worker: { format: "es" },
  build: {
    outDir: "../src/dashstream/_page",
    emptyOutDir: true,
    target: "es2023",
    sourcemap: false,
    chunkSizeWarningLimit: 2000,
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    css: { include: [/tokens\.css/] },
  },
});
