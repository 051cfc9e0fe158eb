/** A thread that analyses a share of a scan's files: started by `crew.ts`, gone when there are no more. */
import { parentPort, workerData } from "node:worker_threads";
import type { HelperTask } from "./crew.ts";
import { analyseShare } from "./index.ts";

// The one who started this thread is the same program: what comes from there needs no check.
const port = parentPort;
if (port !== null) analyseShare(workerData as HelperTask, (message) => port.postMessage(message));
