/**
 * A `sitecustomize.py` for Pythons inside the sandbox: it makes standard output flush at line ends, as on a terminal, so
 * that output arrives while the tool runs. PYTHONUNBUFFERED is no way to that: holding the CPU share stops and continues
 * the tool, a stop can cut a write to a full pipe short, and Python's unbuffered streams drop the rest of a short write
 * (seen here: 20 to 50 KB of 5 MB lost); its buffered ones write it again. It takes itself out of the way afterwards and
 * lets the installation's own sitecustomize run.
 */
export const SITE_CUSTOMIZE = `import sys
if sys.stdout is not None:
    sys.stdout.reconfigure(line_buffering=True)
sys.path[:] = [entry for entry in sys.path if entry != "/run/toka/python"]
del sys.modules["sitecustomize"]
try:
    import sitecustomize
except ImportError as error:
    if error.name != "sitecustomize":
        raise
    sys.modules["sitecustomize"] = type(sys)("sitecustomize")  # the import machinery wants one to be there
`;

/** The folder that holds it inside; first on PYTHONPATH. */
export const SITE_FOLDER = "/run/toka/python";
