/** What the two sides of the host tests tell each other: `run.ts` outside, `suite.ts` in the extension host. */

/** The environment variable that carries a {@link HostPlan} as JSON. */
export const PLAN_VARIABLE = "TOKA_HOST_TEST_PLAN";

export interface HostPlan {
  readonly testFiles: readonly string[];
  readonly resultsFile: string;
}

export interface HostResults {
  readonly tests: {
    readonly title: string;
    readonly state: "passed" | "failed" | "skipped";
    readonly milliseconds: number;
    readonly error?: string;
  }[];
}
