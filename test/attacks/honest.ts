import type { HonestProgram } from "./attack.ts";

/** What must go on working, in every tier. */
export const HONEST: readonly HonestProgram[] = [
  {
    name: "start programs",
    body: "print(subprocess.run(['ls', '.'], capture_output=True, text=True).stdout.split())",
    prints: /data\.txt/,
  },
  {
    name: "pipe through a shell",
    body: "print(subprocess.check_output('seq 3 | sort -r | head -1', shell=True, text=True))",
    prints: /^3$/m,
  },
  {
    name: "threads",
    body: "out = []\nts = [threading.Thread(target=out.append, args=(n,)) for n in range(20)]\n[t.start() for t in ts]; [t.join() for t in ts]; print(len(out))",
    prints: /^20$/m,
  },
  {
    name: "multiprocessing",
    body: "import multiprocessing as mp\nl = mp.get_context('fork').Lock(); q = mp.get_context('fork').Queue()\ndef f(n):\n  with l: q.put(n * n)\nps = [mp.get_context('fork').Process(target=f, args=(n,)) for n in range(4)]\n[p.start() for p in ps]; print(sorted(q.get() for _ in ps)); [p.join() for p in ps]",
    prints: /^\[0, 1, 4, 9\]$/m,
  },
  {
    name: "temporary files",
    body: "with tempfile.TemporaryDirectory() as d:\n  spill(d + '/a', 'text'); print(open(d + '/a').read(), os.listdir(d))",
    prints: /^text \['a'\]$/m,
  },
  {
    name: "locales",
    body: "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.getpreferredencoding(False).upper())",
    prints: /^UTF-8$/m,
  },
  {
    name: "big imports",
    body: "import asyncio, concurrent.futures, decimal, email, http.client, logging.config, sqlite3, ssl, unittest, urllib.request, xml.dom.minidom; print('loaded')",
    prints: /^loaded$/m,
  },
  { name: "half of the memory", body: "h = b'x' * (64 << 20); print(len(h) >> 20)", prints: /^64$/m },
  { name: "an exit code", body: "sys.exit(7)", prints: /^began$/m, code: 7 },
  { name: "Unicode", body: "print('naïve 中文 😀 עברית')", prints: /^naïve 中文 😀 עברית$/m },
  {
    name: "results",
    body: "R = os.environ['TOKA_RESULTS']; os.makedirs(R + '/a/b'); spill(R + '/a/b/t', '{}'); os.rename(R + '/a/b/t', R + '/a/r.json'); os.chmod(R + '/a/r.json', 0o640); os.utime(R + '/a/r.json'); print(open(R + '/a/r.json').read())",
    prints: /^\{\}$/m,
  },
  {
    name: "a granted workspace",
    body: "os.makedirs('out/x'); spill('out/x/a.txt', 'a'); spill('src/main.py', 'b'); spill('report.md', 'c'); os.rename('report.md', 'final.md'); spill('out/x/a.txt', 'b', 'a'); os.unlink('data.txt'); shutil.rmtree('src'); os.mkdir('src'); print(open('out/x/a.txt').read(), open('final.md').read(), sorted(os.listdir('out')))",
    writable: (stage) => [stage.workspace],
    prints: /^ab c \['x'\]$/m,
  },
  {
    name: "a database",
    body: "import sqlite3\nc = sqlite3.connect(tempfile.mkdtemp() + '/a.db'); c.execute('create table t (a)'); c.execute('insert into t values (42)'); c.commit(); print(c.execute('select a from t').fetchone())",
    prints: /^\(42,\)$/m,
  },
  {
    name: "asyncio with a child and a local server",
    body: "import asyncio\nasync def main():\n  p = tempfile.mkdtemp() + '/s'\n  async def serve(r, w): w.write(await r.readline()); w.close()\n  s = await asyncio.start_unix_server(serve, p); r, w = await asyncio.open_unix_connection(p); w.write(b'hi\\n'); print((await r.read()).decode().strip()); s.close()\n  c = await asyncio.create_subprocess_exec('echo', 'child', stdout=-1); print((await c.communicate())[0].decode().strip())\nasyncio.run(main())",
    prints: /^hi\nchild$/m,
  },
  {
    name: "signals among its own processes",
    body: "p = subprocess.Popen(['sleep', '9']); os.kill(p.pid, 15); print(p.wait()); p = subprocess.Popen(['sleep', '9'], start_new_session=True); os.killpg(p.pid, 9); print(p.wait()); signal.signal(signal.SIGALRM, lambda *a: print('alarm')); signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(0.2)",
    prints: /^-15\n-9\nalarm$/m,
  },
  {
    name: "facts about itself",
    body: "print(os.getpid() > 0, open('/proc/self/status').read().count('Threads') and 'status', len(os.listdir('/proc/self/fd')) > 2, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0, os.cpu_count() > 0)",
    prints: /^True status True True True$/m,
  },
];
