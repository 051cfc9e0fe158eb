import { setTimeout as pause } from "node:timers/promises";

/** Waits until something holds, looking often; whether it does in the end. */
export async function eventually(holds: () => boolean, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    if (holds()) return true;
    await pause(20);
  }
  return holds();
}
