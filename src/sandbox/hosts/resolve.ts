import { lookup } from "node:dns/promises";
import { fail, ok, type Result } from "../../model/index.ts";
import { isPublicAddress } from "./addresses.ts";

/** An address that a connection may go to. */
export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

/** Finds where a host may be reached; a problem when it has no address, or none that a tool may reach. */
export type HostResolver = (host: string) => Promise<Result<readonly HostAddress[]>>;

/**
 * The public addresses of a host. Whoever controls a name can point it at this machine or at a cloud's metadata
 * service, so every other address is left out, and the connection then goes to these and is not looked up again.
 */
export async function resolvePublic(host: string): Promise<Result<readonly HostAddress[]>> {
  let found: readonly HostAddress[];
  try {
    found = await lookup(host, { all: true });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return fail("host-unknown", `${host} has no address (${code})`);
  }
  const reachable = found.filter(({ address }) => isPublicAddress(address));
  if (reachable.length > 0) return ok(reachable);
  const addresses = found.map(({ address }) => address).join(", ");
  return fail("host-private", `${host} is ${addresses}, which is not on the public internet`);
}
