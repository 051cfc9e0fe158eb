/** How far an interpreter goes. */
export interface Limits {
  /** Statements and expressions evaluated in a run in which nothing has to do with command lines. */
  readonly steps: number;
  /** The same once a module has been run that names a command line library. */
  readonly stepsWithLibrary: number;
  /** The same once such a library has been called. */
  readonly stepsWithParser: number;
  /** Steps after the command line was parsed: what a program does with its arguments is of no use here. */
  readonly stepsAfterParse: number;
  /** The same when it is not sure that this is where the command line is parsed. */
  readonly stepsAfterMaybe: number;
  /** The body of one imported module, without what it imports itself. */
  readonly stepsPerImport: number;
  /** The same for a module that names a command line library. */
  readonly stepsPerDeclaringImport: number;
  /** All imported modules together. */
  readonly stepsOfImports: number;
  /** The same as long as nothing has to do with command lines: what does is mostly imported first. */
  readonly stepsOfOtherImports: number;
  /** What packages import when a module of theirs is imported, for each such module. */
  readonly stepsOfPackages: number;
  /** Once the part that only a program runs has been reached, and nothing has to do with command lines. */
  readonly stepsOfMainPart: number;
  readonly depth: number;
  readonly iterations: number;
  /** How often a loop is gone through that may have ended each time. */
  readonly maybeBroken: number;
  /** Longest text, list or dictionary that is computed. */
  readonly size: number;
}

export const DEFAULT_LIMITS: Limits = {
  steps: 4_000,
  stepsWithLibrary: 40_000,
  stepsWithParser: 250_000,
  stepsAfterParse: 1_000,
  stepsAfterMaybe: 40_000,
  stepsPerImport: 16_000,
  stepsPerDeclaringImport: 20_000,
  stepsOfImports: 80_000,
  stepsOfOtherImports: 1_000,
  stepsOfPackages: 15_000,
  stepsOfMainPart: 1_000,
  depth: 60,
  iterations: 2_000,
  maybeBroken: 32,
  size: 200_000,
};

/** Values that are copied or compared in about the time of one evaluated expression. */
export const VALUES_PER_STEP = 16;
