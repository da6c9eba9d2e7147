// SPDX-License-Identifier: Apache-2.0
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // `npm run dev` on this machine, with the rest of the shop running in containers.
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});
