import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ok } from "../../src/model/index.ts";
import { resolvePublic } from "../../src/sandbox/hosts/resolve.ts";
import { Bench, missingMechanism, type Seen } from "./sandbox-support.ts";

const run = promisify(execFile);
const missing = await missingMechanism();

/** Whether a program is on this machine; one that is not skips its test, and says so. */
async function present(command: string, ...rest: string[]): Promise<boolean> {
  return run(command, rest).then(
    () => true,
    () => {
      process.stderr.write(`\n!!! SKIPPED, NOT PASSED: a test of allowed hosts. ${command} is not on this machine\n\n`);
      return false;
    },
  );
}

const [hasOpenssl, hasCurl, hasGit, hasPip] = await Promise.all([
  present("openssl", "version"),
  present("curl", "--version"),
  present("git", "--version"),
  present("python3", "-m", "pip", "--version"),
]);

describe.skipIf(missing !== undefined)("a run with allowed hosts", () => {
  let bench: Bench;
  const servers: (Server | TcpServer)[] = [];
  const asked: string[] = [];
  let web = 0;
  let secure = 0;
  let talk = 0;

  const serve = async (server: Server | TcpServer): Promise<number> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return typeof address === "object" && address ? address.port : 0;
  };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push(`${request.method} ${request.headers.host} ${request.url}`);
    const path = new URL(request.url ?? "/", "http://x").pathname;
    if (path.startsWith("/files/")) {
      const file = path.slice("/files/".length).replace(/\/$/, "/index.html");
      readFile(join(bench.root, "served", file)).then(
        (bytes) => response.setHeader("content-type", file.endsWith("html") ? "text/html" : "text/plain").end(bytes),
        () => response.writeHead(404).end(),
      );
      return;
    }
    if (path === "/echo") {
      request.pipe(response);
      return;
    }
    if (path === "/large") {
      response.end(Buffer.alloc(3_000_000, "x"));
      return;
    }
    response.end("hello");
  };

  beforeAll(async () => {
    // Names lead to servers of this test, but private addresses stay refused: only `*.test` names are let through.
    bench = await Bench.create({
      resolveHost: async (host) =>
        host.endsWith(".test") ? ok([{ address: "127.0.0.1", family: 4 }]) : await resolvePublic(host),
    });
    web = await serve(createHttpServer(answer));
    talk = await serve(
      createTcpServer((socket) => {
        socket.write("welcome\n");
        socket.on("data", (data) => socket.write(`you said ${data}`));
        socket.on("error", () => socket.destroy());
      }),
    );
    if (hasOpenssl) {
      const files = ["-keyout", join(bench.root, "key.pem"), "-out", join(bench.workspace, "cert.pem")];
      const names = ["-subj", "/CN=allowed.test", "-addext", "subjectAltName=DNS:allowed.test,DNS:other.test"];
      await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...files, ...names]);
      const key = await readFile(join(bench.root, "key.pem"));
      const cert = await readFile(join(bench.workspace, "cert.pem"));
      secure = await serve(createHttpsServer({ key, cert }, answer));
    }
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    await bench.remove();
  });

  const hosts = (): string[] => [web, secure, talk].filter(Boolean).map((port) => `allowed.test:${port}`);
  const python = (source: string, ...rest: string[]): Promise<Seen> =>
    bench.python(
      source,
      { policy: { network: { mode: "hosts", hosts: hosts() } }, limits: { cpuPercent: 50 } },
      ...rest,
    );
  const command = (...argv: string[]): Promise<Seen> =>
    bench.run(argv, { policy: { network: { mode: "hosts", hosts: hosts() } } });

  const FETCH = `import sys, urllib.request, urllib.error
try:
    with urllib.request.urlopen(sys.argv[1], timeout=20) as reply:
        print(reply.status, len(reply.read()))
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
except OSError as error:
    print("failed", error)
`;

  it("reaches an allowed host and no other", async () => {
    const seen = await python(FETCH, `http://allowed.test:${web}/large`);
    expect(seen.stdout).toBe("200 3000000\n");
    expect(seen.denied).toEqual([]);
    const refused = await python(FETCH, `http://other.test:${web}/`);
    expect(refused.stdout).toContain(`403 other.test:${web} is not among the allowed hosts of this run`);
    expect(refused.denied).toEqual([`other.test:${web} is not among the allowed hosts of this run`]);
    expect(refused.events.find((event) => event.type === "denied")).toMatchObject({ host: "other.test", port: web });
  });

  it("counts what passed to each host, and tells which were refused, when it is observed", async () => {
    const policy = { network: { mode: "hosts" as const, hosts: hosts() } };
    const source = `${FETCH}\nfor address in sys.argv[2:]:\n  try: urllib.request.urlopen(address)\n  except OSError: pass\n`;
    const addresses = [`http://allowed.test:${web}/large`, `http://other.test:${web}/`];
    const seen = await bench.python(source, { policy, observe: true }, ...addresses);
    expect(seen.stdout).toBe("200 3000000\n");
    const { sandbox, hosts: told } = seen.observed ?? expect.fail("not observed");
    expect(sandbox.traffic.map(({ host, port }) => `${host}:${port}`)).toEqual([`allowed.test:${web}`]);
    expect(sandbox.traffic[0]?.receivedBytes).toBeGreaterThan(3_000_000);
    expect(sandbox.traffic[0]?.sentBytes).toBeGreaterThan(50);
    expect(sandbox.refused).toMatchObject([{ host: "other.test", port: web }]);
    // The program's own word names the hosts that it meant, and not the proxy that it went through.
    expect(told.map(({ host }) => host).toSorted()).toEqual(["allowed.test", "other.test"]);
  });

  it("reaches an allowed host on the allowed ports only", async () => {
    const refused = await python(FETCH, "http://allowed.test/");
    expect(refused.stdout).toContain("403 allowed.test:80 is not among");
  });

  it("sends a body and its answer back", async () => {
    const seen = await python(
      `import sys, urllib.request
body = b"0123456789" * 100_000
with urllib.request.urlopen(sys.argv[1], data=body) as reply:
    print(reply.read() == body)`,
      `http://allowed.test:${web}/echo`,
    );
    expect(seen.stdout).toBe("True\n");
  });

  it("keeps many connections apart", async () => {
    const seen = await python(
      `import sys, threading, urllib.request
done = []
def fetch(number):
    body = str(number).encode() * 5000
    with urllib.request.urlopen(sys.argv[1], data=body) as reply:
        done.append(reply.read() == body)
threads = [threading.Thread(target=fetch, args=(n,)) for n in range(20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(done), all(done))`,
      `http://allowed.test:${web}/echo`,
    );
    expect(seen.stdout).toBe("20 True\n");
  });

  it("goes to the host that was checked, whatever the Host header says", async () => {
    asked.length = 0;
    const seen = await python(
      `import http.client, sys
port = int(sys.argv[1])
connection = http.client.HTTPConnection("127.0.0.1", 61080)
connection.putrequest("GET", "http://allowed.test:%d/" % port, skip_host=True)
connection.putheader("Host", "other.test")
connection.endheaders()
print(connection.getresponse().status)`,
      String(web),
    );
    expect(seen.stdout).toBe("200\n");
    expect(asked).toEqual([`GET allowed.test:${web} /`]);
  });

  it.each([
    ["this machine by address", "http://127.0.0.1:1/"],
    ["the metadata service", "http://169.254.169.254/latest/meta-data/"],
    ["a private network", "http://10.0.0.1/"],
    ["this machine by IPv6", "http://[::1]/"],
    ["a number that means an address", "http://2130706433/"],
  ])("refuses %s even when it is named as allowed", async (_name, url) => {
    const host = new URL(url).host;
    const seen = await bench.python(
      `import os
for name in ("no_proxy", "NO_PROXY"): os.environ.pop(name, None)
${FETCH}`,
      { policy: { network: { mode: "hosts", hosts: [host] } } },
      url,
    );
    expect(seen.exit.reason).toBe("ok");
    expect(seen.stdout).toMatch(/^403 .* is not on the public internet/);
    expect(seen.denied).toHaveLength(1);
  });

  it("has no other way out", async () => {
    const seen = await python(
      `import socket, sys
for family, address in ((socket.AF_INET, ("127.0.0.1", int(sys.argv[1]))), (socket.AF_INET, ("192.0.2.1", 80))):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as client:
            client.settimeout(2)
            client.connect(address)
            print("possible")
    except OSError as error:
        print("refused")
try:
    socket.getaddrinfo("allowed.test", 80)
    print("possible")
except OSError:
    print("refused")
print([line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line])`,
      String(web),
    );
    expect(seen.stdout).toBe("refused\nrefused\nrefused\n['lo']\n");
  });

  it("lets the server speak first in a tunnel", async () => {
    const seen = await python(
      `import socket, sys
with socket.create_connection(("127.0.0.1", 61080)) as client:
    client.sendall(b"CONNECT allowed.test:%s HTTP/1.1\\r\\n\\r\\n" % sys.argv[1].encode())
    seen = b""
    while not seen.endswith(b"welcome\\n"): seen += client.recv(100)
    client.sendall(b"hi\\n")
    print(client.recv(100).decode())`,
      String(talk),
    );
    expect(seen.stdout).toBe("you said hi\n\n");
  });

  it.skipIf(!hasOpenssl)("speaks TLS with an allowed host, and with no other through its address", async () => {
    const source = `import socket, ssl, sys
port, name = sys.argv[1:]
context = ssl.create_default_context(cafile="cert.pem")
with socket.create_connection(("127.0.0.1", 61080)) as client:
    client.sendall(b"CONNECT allowed.test:%s HTTP/1.1\\r\\n\\r\\n" % port.encode())
    print(client.recv(1000).split(b"\\r\\n")[0].decode())
    try:
        with context.wrap_socket(client, server_hostname=name) as secure:
            secure.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
            print(secure.recv(1000).split(b"\\r\\n")[0].decode())
    except OSError as error:
        print("ended")`;
    const allowed = await python(source, String(secure), "allowed.test");
    expect(allowed.stdout).toBe("HTTP/1.1 200 Connection Established\nHTTP/1.1 200 OK\n");
    const fronted = await python(source, String(secure), "other.test");
    expect(fronted.stdout).toBe("HTTP/1.1 200 Connection Established\nended\n");
    expect(fronted.denied).toEqual(["other.test was named inside a connection to another host"]);
  });

  it.skipIf(!hasCurl || !hasOpenssl)("serves curl, plain and encrypted", async () => {
    const plain = await command("curl", "-sS", `http://allowed.test:${web}/`);
    expect(plain).toMatchObject({ stdout: "hello", stderr: "" });
    const encrypted = await command("curl", "-sS", "--cacert", "cert.pem", `https://allowed.test:${secure}/`);
    expect(encrypted).toMatchObject({ stdout: "hello", stderr: "" });
    const refused = await command("curl", "-sS", `https://other.test:${secure}/`);
    expect(refused.stderr).toContain("403");
  });

  it.skipIf(!hasGit)("serves git clone", async () => {
    const origin = join(bench.root, "origin");
    const served = join(bench.root, "served");
    await mkdir(served, { recursive: true });
    const git = (...rest: string[]): Promise<unknown> =>
      run("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", "-C", origin, ...rest]);
    await run("git", ["init", "-q", origin]);
    await writeFile(join(origin, "file.txt"), "from git");
    await git("add", "file.txt");
    await git("commit", "-qm", "first");
    await run("git", ["clone", "-q", "--bare", origin, join(served, "repo.git")]);
    await run("git", ["-C", join(served, "repo.git"), "update-server-info"]);
    const seen = await command(
      "sh",
      "-c",
      `git clone -q http://allowed.test:${web}/files/repo.git /tmp/c && cat /tmp/c/file.txt`,
    );
    expect(seen).toMatchObject({ stdout: "from git", exit: { reason: "ok" } });
  });

  it.skipIf(!hasPip)("serves pip install", async () => {
    const package_ = join(bench.root, "package");
    const served = join(bench.root, "served/simple/tiny-thing");
    await mkdir(package_, { recursive: true });
    await mkdir(served, { recursive: true });
    const wheel = "tiny_thing-1.0-py3-none-any.whl";
    await run("python3", [
      "-c",
      `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("tiny_thing.py", "value = 42\\n")
    info = "tiny_thing-1.0.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tiny-thing\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "tiny_thing.py,,\\n" + info + "METADATA,,\\n" + info + "WHEEL,,\\n" + info + "RECORD,,\\n")`,
      join(served, wheel),
    ]);
    await writeFile(join(served, "index.html"), `<a href="${wheel}">${wheel}</a>`);
    const index = `http://allowed.test:${web}/files/simple`;
    const options = ["--no-cache-dir", "--disable-pip-version-check", "--trusted-host", "allowed.test", "-q"];
    const seen = await bench.run(
      [
        "sh",
        "-c",
        `python3 -m pip install ${options.join(" ")} --index-url ${index} --target /tmp/t tiny-thing && PYTHONPATH=/tmp/t python3 -c 'import tiny_thing; print(tiny_thing.value)'`,
      ],
      { policy: { network: { mode: "hosts", hosts: hosts() } }, limits: { cpuPercent: 50 } },
    );
    expect(seen).toMatchObject({ stdout: "42\n", exit: { reason: "ok" } });
  });

  it("does not count the relay as a process of the tool, and shows it no descriptor", async () => {
    const seen = await bench.python(
      `import os
others = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid())]
for other in others:
    for name in os.listdir("/proc/%d/fd" % other):
        try:
            print(os.readlink("/proc/%d/fd/%s" % (other, name)))
        except OSError as error:
            print(type(error).__name__)`,
      { policy: { network: { mode: "hosts", hosts: hosts() } }, limits: { processes: 1 } },
    );
    expect(seen).toMatchObject({ stdout: "PermissionError\n", exit: { reason: "ok" } });
  });

  it("keeps the relay from the tool, or ends well when the kernel cannot", async () => {
    const seen = await python(
      `import os, signal, sys, time, urllib.request
relay = next(int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid()))
try:
    os.kill(relay, signal.SIGKILL)
    time.sleep(0.2)
    urllib.request.urlopen(sys.argv[1], timeout=5)
except PermissionError:
    print("protected")  # by Landlock from version 6 on
except OSError:
    print("no way out")`,
      `http://allowed.test:${web}/`,
    );
    expect(seen.stdout).toMatch(/^(protected|no way out)\n$/);
    expect(seen.exit.reason).toBe("ok");
  });

  it("leaves no socket behind, not even while it runs", async () => {
    const sockets = async (): Promise<string[]> =>
      (await readdir(tmpdir())).filter((name) => name.startsWith("toka-proxy-"));
    const before = await sockets();
    let during: string[] | undefined;
    const seen = await bench.python("import time; print('on', flush=True); time.sleep(0.5)", {
      policy: { network: { mode: "hosts", hosts: hosts() } },
      onStdout: async () => {
        during ??= await sockets();
      },
    });
    expect(seen.exit.reason).toBe("ok");
    expect(during).toEqual(before);
    expect(await sockets()).toEqual(before);
  });

  it("refuses a rule that is none", async () => {
    const seen = await bench.python("print(1)", { policy: { network: { mode: "hosts", hosts: ["*.com"] } } });
    expect(seen.exit.reason).toBe("sandbox-error");
    expect(seen.exit.message).toContain("“*.com” is not a host that can be allowed");
  });
});
