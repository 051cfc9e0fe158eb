import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { fail, ok, type Result } from "../../model/index.ts";

/** One host that may be reached. */
export interface HostRule {
  /** Lower case, in ASCII (punycode); for a wildcard without its `*.`. */
  readonly name: string;
  /** Every name below it, but not the name itself. */
  readonly wildcard: boolean;
  readonly ports: readonly number[];
}

/** The ports that a rule without one allows: plain and encrypted web. */
const WEB_PORTS = [80, 443];

/** One name of DNS in ASCII: labels of letters, digits, hyphens and underscores, at most 63 characters each. */
const NAME = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Reads `example.org`, `example.org:8443`, `*.example.org` or an IP address (`192.0.2.1`, `[2001:db8::1]:443`).
 * A wildcard must leave at least two labels, so that nobody allows a whole top-level domain.
 */
export function parseHostRule(text: string): Result<HostRule> {
  const refuse = (why: string): Result<never> =>
    fail("bad-host", `“${text}” is not a host that can be allowed: ${why}.`);
  const split = /^(\*\.)?(\[[^\]]*\]|[^:[\]]*)(?::(\d{1,5}))?$/.exec(text.trim());
  if (split === null) return refuse("write a name, *.name or an address, and :port if it is not 80 or 443");
  const [, star, host = "", digits] = split;
  const name = canonicalHost(host);
  if (name === undefined) return refuse("it is neither a name nor an address");
  const wildcard = star !== undefined;
  if (wildcard && (isIP(name) !== 0 || !name.includes("."))) return refuse("a wildcard needs a domain below it");
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return refuse("a port is 1 to 65535");
  return ok({ name, wildcard, ports: port === undefined ? WEB_PORTS : [port] });
}

/** A host as rules are compared with it: lower case, ASCII, no trailing dot, addresses without brackets. */
export function canonicalHost(host: string): string | undefined {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (isIP(bare) !== 0) return bare.toLowerCase();
  // `domainToASCII` cuts off a path and takes 0x7f.1 for 127.0.0.1; what it makes of a name must stay a name.
  if (/[\s/?#@\\%:]/.test(bare)) return undefined;
  const ascii = domainToASCII(bare.replace(/\.$/, "")).toLowerCase();
  return isIP(ascii) === 0 && NAME.test(ascii) ? ascii : undefined;
}

/** Whether a host (canonical) and port are allowed. */
export function isAllowed(rules: readonly HostRule[], host: string, port: number): boolean {
  return rules.some((rule) => {
    const named = rule.wildcard ? host.endsWith(`.${rule.name}`) : host === rule.name;
    return named && rule.ports.includes(port);
  });
}

/** Whether a name may be spoken to on some port; for names inside an encrypted connection whose port is settled. */
export function isNamed(rules: readonly HostRule[], host: string): boolean {
  return rules.some((rule) => (rule.wildcard ? host.endsWith(`.${rule.name}`) : host === rule.name));
}
