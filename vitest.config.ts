import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts"] } },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/e2e/global-setup.ts"],
          testTimeout: 150_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 30_000 } },
          // One workbench at a time: two fight for a small machine's cores.
          fileParallelism: false,
          // A real browser and a real editor on a shared machine: a step that passes at its second try is told as
          // “retry x1”, and does not end the run.
          retry: process.env["CI"] === undefined ? 0 : 1,
        },
      },
    ],
  },
});
