import { describe, expect, it } from "vitest";
import { compileConfig } from "../compile-config.ts";
import { limitedCommand } from "./limited.ts";
import { compileProfile, SeatbeltBackend } from "./seatbelt.ts";

describe("compileProfile", () => {
  const profile = compileProfile({
    readable: ["/Users/me/work", '/Users/me/a "b" \\ c'],
    writable: ["/Users/me/work/out"],
    forbidden: ["/Users/me/work/.env"],
  });

  it("is this text", () => {
    expect(profile).toBe(`(version 1)
(deny default)
(allow process-exec process-fork)
(allow signal process-info* (target same-sandbox))
(allow sysctl-read)
(allow mach-lookup (global-name "com.apple.system.logger") (global-name "com.apple.system.notification_center") (global-name "com.apple.system.opendirectoryd.libinfo") (global-name "com.apple.trustd.agent"))
(allow file-read-metadata)
(allow file-read* (literal "/"))
(allow file-read* (subpath "/bin") (subpath "/sbin") (subpath "/usr") (subpath "/System") (subpath "/Library/Apple") (subpath "/Library/Developer/CommandLineTools") (subpath "/Library/Frameworks") (subpath "/opt/homebrew") (subpath "/Applications/Xcode.app/Contents/Developer") (subpath "/private/etc/localtime") (subpath "/private/etc/hosts") (subpath "/private/etc/passwd") (subpath "/private/etc/services") (subpath "/private/etc/ssl") (subpath "/private/var/db/timezone") (subpath "/Users/me/work") (subpath "/Users/me/a \\"b\\" \\\\ c") (subpath "/Users/me/work/out"))
(allow file-read* file-write-data file-ioctl (literal "/dev/null") (literal "/dev/zero") (literal "/dev/random") (literal "/dev/urandom") (literal "/dev/dtracehelper") (literal "/dev/tty"))
(allow file-write* (subpath "/Users/me/work/out"))
(deny file-write-setugid)
(deny file-read* file-write* process-exec (subpath "/Users/me/work/.env"))
(deny network*)
`);
  });

  it("denies before it allows, and forbids after it allowed", () => {
    expect(profile.indexOf("(deny default)")).toBeLessThan(profile.indexOf("(allow"));
    expect(profile.lastIndexOf(".env")).toBeGreaterThan(profile.lastIndexOf("(allow"));
    expect(profile).not.toMatch(/allow network/);
  });

  it("writes nowhere when nothing is writable", () => {
    expect(compileProfile({ readable: ["/w"], writable: [], forbidden: [] })).not.toContain("file-write*");
  });

  it("closes every string whatever a path contains", () => {
    for (const path of ['/a")(allow default)("', "/a\\", '/a\\"', "/a\n(allow default)"]) {
      const text = compileProfile({ readable: [path], writable: [], forbidden: [] });
      const outside = text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, "");
      expect(outside).not.toContain("allow default");
      expect(outside).not.toContain('"');
    }
  });

  it("says on other systems that it was not verified there", async () => {
    if (process.platform === "darwin") return;
    expect(await new SeatbeltBackend().missing()).toMatch(/Not verified on this machine/);
  });
});

describe("limitedCommand", () => {
  it("passes the command as arguments of a fixed text", () => {
    const config = { ...compileConfig({ category: "utility", workspace: "/w" }), diskBytes: 1_000_000 };
    const argv = limitedCommand(config, ["python", "-c", "$(evil)"]);
    expect(argv).toEqual([
      "/bin/sh",
      "-c",
      '(read -r _ <&3; kill -KILL -$$) >/dev/null 2>&1 & exec 3<&- && ulimit -c 0 && ulimit -f "$1" && ulimit -n 1024 && shift && exec "$@"',
      "sh",
      "1953",
      "python",
      "-c",
      "$(evil)",
    ]);
  });
});
