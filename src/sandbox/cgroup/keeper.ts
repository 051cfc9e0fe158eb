import { type ChildProcess, spawn } from "node:child_process";

/**
 * Stays for as long as the other end of its input is open, which is until the process that started it has ended, however
 * that was. Then it ends what is left in the tree's cgroups and removes them. The first line tells it the tree.
 */
const SCRIPT = `trap '' HUP INT QUIT TERM
IFS= read -r tree || exit 0
IFS= read -r nothing
echo 1 > "$tree/runs/cgroup.kill" || kill -9 $(cat "$tree"/runs/*/cgroup.procs)
left=100
while [ -d "$tree/runs" ] && [ $left -gt 0 ]; do
  rmdir "$tree"/runs/* "$tree/runs" || sleep 0.05
  left=$((left - 1))
done
rmdir "$tree"/* "$tree"
exit 0`;

/** A process that outlives this one for a moment, to clean up. */
export interface Keeper {
  readonly pid: number;
  /** Tells it what to clean up. */
  keep(tree: string): void;
  /** Makes it clean up now; settled when it has ended. */
  end(): Promise<void>;
  /** Settled when it has ended. */
  readonly ended: Promise<void>;
}

/** Starts one in the cgroup of this process. This process may end before it. Nothing where it cannot be started. */
export async function startKeeper(): Promise<Keeper | undefined> {
  const child: ChildProcess = spawn("/bin/sh", ["-c", SCRIPT], {
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // what a terminal sends is not for it
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const started = await new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("spawn", () => resolve(true));
  });
  const { pid, stdin } = child;
  if (!started || pid === undefined || stdin === null) return undefined;
  child.unref();
  stdin.on("error", () => undefined); // it is gone, which `ended` tells
  if ("unref" in stdin && typeof stdin.unref === "function") stdin.unref();
  return {
    pid,
    ended,
    keep: (tree) => void stdin.write(`${tree}\n`),
    end: async () => {
      child.ref(); // whoever waits for its end stays until then
      stdin.end();
      await ended;
    },
  };
}
