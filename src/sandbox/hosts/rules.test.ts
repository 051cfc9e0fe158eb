import { describe, expect, it } from "vitest";
import { canonicalHost, type HostRule, isAllowed, isNamed, parseHostRule } from "./rules.ts";

function rules(...texts: string[]): HostRule[] {
  return texts.map((text) => {
    const rule = parseHostRule(text);
    if (!rule.ok) throw new Error(rule.problem.message);
    return rule.value;
  });
}

describe("a rule for a host", () => {
  it.each([
    ["example.org", "example.org", 443, true],
    ["example.org", "example.org", 80, true],
    ["example.org", "example.org", 22, false],
    ["example.org", "www.example.org", 443, false],
    ["example.org", "badexample.org", 443, false],
    ["example.org", "example.org.evil.net", 443, false],
    ["example.org:8443", "example.org", 8443, true],
    ["example.org:8443", "example.org", 443, false],
    ["*.example.org", "a.example.org", 443, true],
    ["*.example.org", "a.b.example.org", 443, true],
    ["*.example.org", "example.org", 443, false],
    ["*.example.org", "badexample.org", 443, false],
    ["EXAMPLE.org.", "example.org", 443, true],
    ["bücher.example", "xn--bcher-kva.example", 443, true],
    ["[2001:db8::1]:80", "2001:db8::1", 80, true],
    ["192.0.2.1:80", "192.0.2.1", 80, true],
  ])("%s lets %s:%d through: %s", (rule, host, port, allowed) => {
    expect(isAllowed(rules(rule), host, port)).toBe(allowed);
  });

  it.each([
    "",
    "*",
    "*.org",
    "*.192.0.2.1",
    "a.*.org",
    "https://example.org",
    "example.org/path",
    "example.org:0",
    "example.org:70000",
    "exa mple.org",
    "user@example.org",
    "-a.org",
    `${"a".repeat(64)}.org`,
  ])("is not %j", (text) => {
    const rule = parseHostRule(text);
    expect(rule.ok).toBe(false);
  });

  it("compares hosts without case, brackets and a trailing dot, and takes no number for a name", () => {
    expect(canonicalHost("WWW.Example.ORG.")).toBe("www.example.org");
    expect(canonicalHost("[::1]")).toBe("::1");
    expect(canonicalHost("2130706433")).toBeUndefined();
    expect(canonicalHost("0x7f.1")).toBeUndefined();
    expect(canonicalHost("a\0b")).toBeUndefined();
  });

  it("knows a name whatever the port", () => {
    expect(isNamed(rules("example.org:8443", "*.example.net"), "example.org")).toBe(true);
    expect(isNamed(rules("example.org:8443", "*.example.net"), "a.example.net")).toBe(true);
    expect(isNamed(rules("example.org:8443", "*.example.net"), "example.net")).toBe(false);
  });
});
