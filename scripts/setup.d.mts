/** Where tools too big for node_modules are kept, one folder per version. */
export function toolsFolder(): string;

/** The real host and the Node that it was compiled for. */
export function codeServer(): { version: string; folder: string; entry: string; node: string };

/** Node 24 of this project, once the npm packages are there. */
export function projectNode(): string;

/** The first of these programs that PATH has. */
export function findProgram(...names: string[]): string | undefined;
