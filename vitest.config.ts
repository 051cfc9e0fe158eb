import { defineConfig } from "vitest/config";

/**
 * Tests with real processes, a real editor and a real browser on a shared machine may be tried a second time in CI. What
 * passed only then is listed at the end of the run; a test that judges whether something got out is never tried again.
 */
const SECOND_TRY = process.env["CI"] === undefined ? 0 : 1;

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
          retry: SECOND_TRY,
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
          retry: SECOND_TRY,
        },
      },
    ],
  },
});
