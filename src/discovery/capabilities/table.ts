import type { CapabilityName } from "../../model/index.ts";

/** Which argument of a call names what it touches; a position or a keyword. */
export interface ScopeArgument {
  readonly kind: "path" | "host" | "program";
  readonly position: number;
  readonly keyword?: string;
}

/**
 * On what the need depends:
 * - `reads`, `writes`: the file mode, at `mode` (position) or the keyword `mode`; reading is the default;
 * - `stores`: the attribute is assigned to, deleted or changed in place, not just read;
 * - `unsafe-loader`: no `Safe` loader is named.
 */
export type Condition =
  | { readonly kind: "reads" | "writes"; readonly mode: number }
  | { readonly kind: "stores" }
  | { readonly kind: "unsafe-loader" };

/** One row of the table: calls that need a capability. */
export interface CapabilityRule {
  readonly capability: CapabilityName;
  /** Completes “this line …”. */
  readonly why: string;
  /**
   * Qualified names after import aliases are resolved, methods of an object under the name of its class
   * (`pathlib.Path.unlink`). `x.*` stands for everything in `x`. A plain `.name` is a method of an object whose class
   * is not known: only names that mean one thing stand here.
   */
  readonly names: string;
  readonly when?: Condition;
  readonly scope?: ScopeArgument;
  /** Reading the attribute counts, not only calling it. */
  readonly onReference?: true;
}

const path = (position: number, keyword?: string): ScopeArgument =>
  keyword === undefined ? { kind: "path", position } : { kind: "path", position, keyword };
const host = (position: number, keyword?: string): ScopeArgument =>
  keyword === undefined ? { kind: "host", position } : { kind: "host", position, keyword };
const program = (position: number, keyword?: string): ScopeArgument =>
  keyword === undefined ? { kind: "program", position } : { kind: "program", position, keyword };

/**
 * What calls of Python code need. It covers the standard library's audit events (PEP 578, `docs.python.org/3/library/
 * audit_events.html`) and commonly used packages; a call that is not listed proves nothing either way.
 */
export const CAPABILITY_RULES: readonly CapabilityRule[] = [
  // --- files ---------------------------------------------------------------------------------------------------
  {
    capability: "filesystem-read",
    why: "opens a file for reading",
    names: "builtins.open io.open codecs.open gzip.open bz2.open lzma.open gzip.GzipFile bz2.BZ2File lzma.LZMAFile",
    when: { kind: "reads", mode: 1 },
    scope: path(0, "file"),
  },
  {
    capability: "filesystem-write",
    why: "opens a file for writing",
    names: "builtins.open io.open codecs.open gzip.open bz2.open lzma.open gzip.GzipFile bz2.BZ2File lzma.LZMAFile",
    when: { kind: "writes", mode: 1 },
    scope: path(0, "file"),
  },
  {
    capability: "filesystem-read",
    why: "opens an archive for reading",
    names: "zipfile.ZipFile tarfile.open tarfile.TarFile",
    when: { kind: "reads", mode: 1 },
    scope: path(0, "name"),
  },
  {
    capability: "filesystem-write",
    why: "opens an archive for writing",
    names: "zipfile.ZipFile tarfile.open tarfile.TarFile",
    when: { kind: "writes", mode: 1 },
    scope: path(0, "name"),
  },
  {
    capability: "filesystem-read",
    why: "opens a file for reading",
    names: "pathlib.Path.open",
    when: { kind: "reads", mode: 0 },
  },
  {
    capability: "filesystem-write",
    why: "opens a file for writing",
    names: "pathlib.Path.open",
    when: { kind: "writes", mode: 0 },
  },
  {
    capability: "filesystem-read",
    why: "lists a folder",
    names: `os.listdir os.scandir os.walk os.fwalk glob.glob glob.iglob pathlib.Path.iterdir pathlib.Path.glob
            pathlib.Path.rglob pathlib.Path.walk .iterdir .rglob`,
    scope: path(0),
  },
  {
    capability: "filesystem-read",
    why: "reads a file",
    names: `pathlib.Path.read_text pathlib.Path.read_bytes .read_text .read_bytes linecache.getline linecache.getlines
            fileinput.input fileinput.FileInput filecmp.cmp filecmp.cmpfiles filecmp.dircmp tokenize.open
            xml.etree.ElementTree.parse xml.dom.minidom.parse xml.sax.parse plistlib.readPlist mimetypes.read_mime_types
            configparser.ConfigParser.read configparser.RawConfigParser.read logging.config.fileConfig wave.open
            sndhdr.what imghdr.what py_compile.compile compileall.compile_dir compileall.compile_file
            pyclbr.readmodule pkgutil.get_data shutil.unpack_archive shutil.make_archive mmap.mmap runpy.run_path
            importlib.util.spec_from_file_location imp.load_source os.open os.readlink os.sendfile
            toml.load yaml.load_file PIL.Image.open cv2.imread imageio.imread numpy.load numpy.loadtxt
            numpy.genfromtxt numpy.fromfile torch.load joblib.load h5py.File rasterio.open openpyxl.load_workbook
            docx.Document pypdf.PdfReader PyPDF2.PdfReader fitz.open soundfile.read librosa.load nibabel.load
            pandas.read_csv pandas.read_excel pandas.read_json pandas.read_parquet pandas.read_pickle pandas.read_table
            pandas.read_hdf pandas.read_feather pandas.read_xml pandas.read_html polars.read_csv polars.read_parquet
            polars.scan_csv polars.scan_parquet pyarrow.parquet.read_table geopandas.read_file dotenv.load_dotenv
            dotenv.dotenv_values tomlkit.load`,
    scope: path(0),
  },
  {
    capability: "filesystem-read",
    why: "copies or moves files",
    names: "shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.move",
    scope: path(0, "src"),
  },
  {
    capability: "filesystem-write",
    why: "copies or moves files",
    names: "shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.move",
    scope: path(1, "dst"),
  },
  {
    capability: "filesystem-write",
    why: "makes a folder",
    names: "os.mkdir os.makedirs pathlib.Path.mkdir .mkdir distutils.dir_util.mkpath",
    scope: path(0, "name"),
  },
  {
    capability: "filesystem-write",
    why: "renames or links files",
    names: `os.rename os.renames os.replace os.link os.symlink pathlib.Path.rename pathlib.Path.replace
            pathlib.Path.symlink_to pathlib.Path.hardlink_to pathlib.Path.link_to .symlink_to .hardlink_to`,
    scope: path(1, "dst"),
  },
  {
    capability: "filesystem-write",
    why: "writes a file",
    names: `pathlib.Path.write_text pathlib.Path.write_bytes pathlib.Path.touch .write_text .write_bytes .touch
            os.truncate os.utime os.mkfifo os.mknod shutil.make_archive shutil.unpack_archive
            zipfile.ZipFile.extract zipfile.ZipFile.extractall zipfile.ZipFile.write zipfile.ZipFile.writestr
            tarfile.TarFile.extract tarfile.TarFile.extractall tarfile.open.extractall tarfile.open.extract
            tarfile.open.add .extractall .writestr urllib.request.urlretrieve logging.FileHandler
            logging.handlers.RotatingFileHandler logging.handlers.TimedRotatingFileHandler py_compile.compile
            compileall.compile_dir compileall.compile_file shelve.open dbm.open cv2.imwrite imageio.imwrite
            numpy.save numpy.savez numpy.savez_compressed numpy.savetxt torch.save joblib.dump soundfile.write
            matplotlib.pyplot.savefig .savefig .to_csv .to_parquet .to_excel .to_pickle .to_feather .save_pretrained
            xml.etree.ElementTree.ElementTree.write dotenv.set_key wget.download`,
    scope: path(0),
  },
  {
    capability: "filesystem-write",
    why: "makes a temporary file or folder",
    names: `tempfile.mkstemp tempfile.mkdtemp tempfile.TemporaryFile tempfile.NamedTemporaryFile
            tempfile.TemporaryDirectory tempfile.SpooledTemporaryFile`,
  },
  {
    capability: "filesystem-read",
    why: "opens a database file",
    names: "sqlite3.connect dbm.open shelve.open aiosqlite.connect duckdb.connect",
    scope: path(0, "database"),
  },
  {
    capability: "filesystem-write",
    why: "opens a database file, which may be created or changed",
    names: "sqlite3.connect aiosqlite.connect duckdb.connect",
    scope: path(0, "database"),
  },
  {
    capability: "filesystem-delete",
    why: "deletes files",
    names: `os.remove os.unlink os.rmdir os.removedirs shutil.rmtree pathlib.Path.unlink pathlib.Path.rmdir .unlink
            .rmdir send2trash.send2trash distutils.dir_util.remove_tree`,
    scope: path(0, "path"),
  },
  {
    capability: "file-permissions",
    why: "changes permissions or ownership of files",
    names: `os.chmod os.fchmod os.lchmod os.chown os.fchown os.lchown shutil.chown shutil.copymode shutil.copystat
            os.setxattr os.removexattr pathlib.Path.chmod pathlib.Path.lchmod .chmod`,
    scope: path(0, "path"),
  },
  // --- network -------------------------------------------------------------------------------------------------
  {
    capability: "network-access",
    why: "requests a web address",
    names: `urllib.request.urlopen urllib.request.urlretrieve urllib.request.build_opener.open urllib2.urlopen
            urllib.urlopen urllib.urlretrieve requests.get requests.post requests.put requests.patch requests.delete
            requests.head requests.options httpx.get httpx.post httpx.put httpx.patch httpx.delete httpx.head
            httpx.options httpx.stream wget.download pandas.read_html`,
    scope: host(0, "url"),
  },
  {
    capability: "network-access",
    why: "requests a web address",
    names: "requests.request httpx.request urllib3.request urllib3.PoolManager.request",
    scope: host(1, "url"),
  },
  {
    capability: "network-access",
    why: "connects to a server",
    names: `http.client.HTTPConnection http.client.HTTPSConnection httplib.HTTPConnection httplib.HTTPSConnection
            ftplib.FTP ftplib.FTP_TLS smtplib.SMTP smtplib.SMTP_SSL poplib.POP3 poplib.POP3_SSL imaplib.IMAP4
            imaplib.IMAP4_SSL nntplib.NNTP telnetlib.Telnet xmlrpc.client.ServerProxy xmlrpclib.ServerProxy
            asyncio.open_connection paramiko.Transport socket.gethostbyname socket.getaddrinfo socket.gethostbyaddr
            socket.gethostbyname_ex socket.getnameinfo socket.getfqdn websockets.connect websocket.create_connection
            redis.Redis redis.StrictRedis redis.from_url pymongo.MongoClient psycopg2.connect psycopg.connect
            asyncpg.connect pymysql.connect MySQLdb.connect mysql.connector.connect pika.BlockingConnection
            kafka.KafkaProducer kafka.KafkaConsumer sqlalchemy.create_engine ldap3.Server dns.resolver.resolve
            dns.resolver.query grpc.insecure_channel grpc.secure_channel
            logging.handlers.SocketHandler logging.handlers.HTTPHandler logging.handlers.SMTPHandler
            elasticsearch.Elasticsearch neo4j.GraphDatabase.driver paho.mqtt.client.Client.connect
            multiprocessing.connection.Client`,
    scope: host(0, "host"),
  },
  {
    capability: "network-access",
    why: "opens a socket",
    names: `socket.socket socket.create_connection socket.socketpair socket.fromfd ssl.wrap_socket
            asyncio.open_unix_connection zmq.Context socket.socket.connect socket.socket.sendto`,
  },
  {
    capability: "network-access",
    why: "makes a client of a network service",
    names: `requests.Session requests.session httpx.Client httpx.AsyncClient aiohttp.ClientSession aiohttp.request
            urllib3.PoolManager urllib3.ProxyManager paramiko.SSHClient fabric.Connection boto3.client boto3.resource
            boto3.Session boto3.session.Session botocore.session.get_session google.cloud.* azure.storage.*
            googleapiclient.discovery.build openai.* anthropic.* mistralai.* cohere.* groq.* huggingface_hub.*
            kubernetes.client.* docker.from_env docker.DockerClient github.Github gitlab.Gitlab jira.JIRA
            slack_sdk.WebClient slack_sdk.web.* telegram.Bot telegram.ext.* discord.Client tweepy.* praw.Reddit
            twilio.rest.Client stripe.* sentry_sdk.init playwright.sync_api.sync_playwright
            playwright.async_api.async_playwright selenium.webdriver.* pytube.YouTube yt_dlp.YoutubeDL
            youtube_dl.YoutubeDL feedparser.parse newspaper.Article scrapy.* scapy.all.* git.Repo.clone_from
            yfinance.* wandb.init mlflow.* datasets.load_dataset transformers.pipeline nltk.download
            torch.hub.load torch.hub.download_url_to_file gdown.download kaggle.api.* tiktoken.get_encoding
            tiktoken.encoding_for_model sentence_transformers.SentenceTransformer cloudscraper.create_scraper
            requests_html.HTMLSession mechanize.Browser pyppeteer.launch .urlopen .urlretrieve .from_pretrained
            .push_to_hub`,
  },
  {
    capability: "network-listen",
    why: "starts a server",
    names: `socketserver.TCPServer socketserver.UDPServer socketserver.ThreadingTCPServer socketserver.ThreadingUDPServer
            http.server.HTTPServer http.server.ThreadingHTTPServer http.server.test BaseHTTPServer.HTTPServer
            SimpleHTTPServer.test SocketServer.TCPServer wsgiref.simple_server.make_server
            xmlrpc.server.SimpleXMLRPCServer asyncio.start_server asyncio.start_unix_server socket.create_server
            socket.socket.bind socket.socket.listen flask.Flask.run uvicorn.run uvicorn.Server hypercorn.run
            waitress.serve gunicorn.app.* aiohttp.web.run_app bottle.run cherrypy.quickstart tornado.web.Application.listen
            gradio.Interface.launch gradio.Blocks.launch websockets.serve grpc.server
            multiprocessing.connection.Listener mcp.server.fastmcp.FastMCP.run .serve_forever`,
  },
  // --- processes -----------------------------------------------------------------------------------------------
  {
    capability: "process-spawn",
    why: "starts another program",
    names: `subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen
            subprocess.getoutput subprocess.getstatusoutput os.system os.popen os.startfile
            os.execv os.execve os.execvp os.execvpe os.execl os.execle os.execlp os.execlpe
            os.posix_spawn os.posix_spawnp pty.spawn commands.getoutput commands.getstatusoutput popen2.popen2
            asyncio.create_subprocess_exec asyncio.create_subprocess_shell distutils.spawn.spawn pexpect.spawn
            pexpect.run psutil.Popen invoke.run plumbum.local sh.Command`,
    scope: program(0, "args"),
  },
  {
    capability: "process-spawn",
    why: "starts another program",
    names: "os.spawnv os.spawnve os.spawnvp os.spawnvpe os.spawnl os.spawnle os.spawnlp os.spawnlpe",
    scope: program(1),
  },
  {
    capability: "process-spawn",
    why: "starts worker processes",
    names: `os.fork os.forkpty pty.fork multiprocessing.Process multiprocessing.Pool multiprocessing.pool.Pool
            multiprocessing.get_context multiprocessing.Manager concurrent.futures.ProcessPoolExecutor joblib.Parallel
            torch.multiprocessing.spawn torch.multiprocessing.Process`,
  },
  {
    capability: "process-spawn",
    why: "starts other programs through a library",
    names: `webbrowser.open webbrowser.open_new webbrowser.open_new_tab webbrowser.get ctypes.util.find_library
            platform.platform platform.processor venv.create venv.main ensurepip.bootstrap pydoc.pager git.Repo
            git.Git click.edit click.launch typer.launch`,
  },
  {
    capability: "process-signal",
    why: "signals other processes",
    names: `os.kill os.killpg signal.pthread_kill psutil.Process.kill psutil.Process.terminate
            psutil.Process.send_signal psutil.Process.suspend`,
  },
  // --- environment ---------------------------------------------------------------------------------------------
  {
    capability: "env-read",
    why: "reads environment variables",
    names: `os.environ os.environb os.environ.get os.getenv os.getenvb os.path.expandvars environs.Env decouple.config
            dotenv.load_dotenv`,
    onReference: true,
  },
  {
    capability: "env-write",
    why: "changes environment variables",
    names: "os.environ os.environb",
    when: { kind: "stores" },
    onReference: true,
  },
  {
    capability: "env-write",
    why: "changes environment variables",
    names: "os.putenv os.unsetenv os.environ.update os.environ.setdefault os.environ.pop dotenv.load_dotenv",
  },
  {
    capability: "secrets",
    why: "reads stored secrets",
    names: `keyring.get_password keyring.get_credential netrc.netrc getpass.getpass browser_cookie3.* hvac.Client
            secretstorage.* win32cred.*`,
  },
  // --- code ----------------------------------------------------------------------------------------------------
  {
    capability: "native-code",
    why: "loads native code",
    names: `ctypes.CDLL ctypes.PyDLL ctypes.WinDLL ctypes.OleDLL ctypes.cdll.LoadLibrary ctypes.cdll.*
            ctypes.windll.* cffi.FFI imp.load_dynamic _ctypes.dlopen torch.ops.load_library numpy.ctypeslib.load_library`,
  },
  {
    capability: "dynamic-code",
    why: "runs code that is made or chosen while it runs",
    names: `builtins.exec builtins.eval builtins.compile builtins.execfile builtins.__import__ runpy.run_path
            runpy.run_module code.interact code.InteractiveConsole code.InteractiveInterpreter timeit.timeit
            timeit.repeat timeit.Timer importlib.import_module importlib.util.spec_from_file_location imp.load_source
            imp.load_module types.CodeType types.FunctionType cProfile.run cProfile.runctx profile.run pdb.run
            pdb.runeval trace.Trace IPython.embed IPython.start_ipython`,
  },
  {
    capability: "deserialization",
    why: "rebuilds objects from data, which can run code",
    names: `pickle.load pickle.loads pickle.Unpickler cPickle.load cPickle.loads _pickle.load _pickle.loads marshal.load
            marshal.loads shelve.open dill.load dill.loads cloudpickle.load cloudpickle.loads joblib.load torch.load
            yaml.unsafe_load yaml.full_load jsonpickle.decode pandas.read_pickle`,
  },
  {
    capability: "deserialization",
    why: "rebuilds objects from data, which can run code",
    names: "yaml.load yaml.load_all",
    when: { kind: "unsafe-loader" },
  },
  {
    capability: "package-install",
    why: "installs packages",
    names:
      "pip.main pip._internal.main pip._internal.cli.main.main ensurepip.bootstrap setuptools.command.easy_install.main",
  },
  {
    capability: "privileged",
    why: "needs or changes privileges",
    names: `os.setuid os.setgid os.seteuid os.setegid os.setreuid os.setregid os.setresuid os.setgroups os.initgroups
            os.chroot os.mount bcc.BPF`,
  },
  // --- people and devices --------------------------------------------------------------------------------------
  {
    capability: "stdin",
    why: "reads standard input",
    names: `builtins.input builtins.raw_input getpass.getpass fileinput.input click.prompt click.confirm click.getchar
            click.pause typer.prompt typer.confirm questionary.* inquirer.prompt prompt_toolkit.prompt
            prompt_toolkit.PromptSession rich.prompt.Prompt.ask rich.prompt.Confirm.ask code.interact
            cmd.Cmd.cmdloop .cmdloop click.get_text_stream click.get_binary_stream`,
  },
  { capability: "stdin", why: "reads standard input", names: "sys.stdin sys.__stdin__", onReference: true },
  {
    capability: "gui",
    why: "opens windows",
    names: `tkinter.Tk Tkinter.Tk tkinter.ttk.* tkinter.filedialog.* tkinter.messagebox.* PyQt5.QtWidgets.QApplication
            PyQt6.QtWidgets.QApplication PySide2.QtWidgets.QApplication PySide6.QtWidgets.QApplication
            pygame.display.set_mode wx.App turtle.Screen turtle.Turtle turtle.mainloop matplotlib.pyplot.show
            cv2.imshow pyautogui.* webview.create_window kivy.app.App.run`,
  },
  {
    capability: "gpu",
    why: "uses the GPU",
    names: `torch.cuda.* cupy.* tensorflow.config.list_physical_devices pynvml.* pycuda.* jax.devices numba.cuda.*
            .cuda`,
  },
];

/** Names of environment variables that hold secrets. */
export const SECRET_NAME = /KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH/iu;

/** Paths where secrets are kept. */
export const SECRET_PATH =
  /(?:^|\/)(?:\.ssh|\.aws|\.gnupg|\.netrc|\.kube|\.docker\/config\.json|\.config\/gcloud|\.env|\.pgpass|\.git-credentials|id_rsa|id_ed25519)(?:\/|$)/u;
