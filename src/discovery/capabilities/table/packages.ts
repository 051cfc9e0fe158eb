import type { CapabilityRule } from "../table.ts";
import { path, program } from "./scope.ts";

const TABLE_READERS = `pandas.read_csv pandas.read_excel pandas.read_json pandas.read_parquet pandas.read_pickle
  pandas.read_table pandas.read_hdf pandas.read_feather pandas.read_xml pandas.read_html pandas.read_fwf pandas.read_orc
  pandas.read_stata pandas.read_sas pandas.read_spss pandas.ExcelFile pandas.HDFStore polars.read_csv polars.read_parquet
  polars.read_json polars.read_ndjson polars.read_excel polars.read_ipc polars.read_avro polars.scan_csv
  polars.scan_parquet polars.scan_ndjson polars.scan_ipc geopandas.read_file geopandas.read_parquet dask.dataframe.read_csv
  dask.dataframe.read_parquet dask.dataframe.read_json modin.pandas.read_csv pyarrow.csv.read_csv
  pyarrow.parquet.read_table pyarrow.parquet.ParquetFile pyarrow.feather.read_table fastparquet.ParquetFile
  xarray.open_dataset xarray.open_dataarray xarray.open_mfdataset xarray.load_dataset xarray.open_zarr imageio.imread
  imageio.v2.imread imageio.v3.imread skimage.io.imread matplotlib.pyplot.imread astropy.io.fits.open`;

const FRAME_WRITERS =
  ".to_csv .to_parquet .to_excel .to_pickle .to_feather .to_hdf .to_stata .to_netcdf .to_zarr .to_file .to_orc .to_xml";

const H5 =
  "h5py.File tables.open_file netCDF4.Dataset zarr.open rasterio.open fiona.open pyarrow.OSFile soundfile.SoundFile";

/** Packages that work on this machine: files, data, numbers, models, documents, programs, people. */
export const PACKAGE_RULES: readonly CapabilityRule[] = [
  // --- tables, arrays, scientific data -------------------------------------------------------------------------
  {
    capability: "filesystem-read",
    why: "reads a data file",
    names: TABLE_READERS,
    when: { kind: "is-not-url", position: 0 },
    scope: path(0),
  },
  {
    capability: "network-access",
    why: "reads data from a web address",
    names: TABLE_READERS,
    when: { kind: "is-url", position: 0 },
    scope: { kind: "host", position: 0 },
  },
  {
    capability: "filesystem-write",
    why: "writes a data file",
    names: FRAME_WRITERS,
    when: { kind: "given", position: 0, keyword: "path_or_buf" },
    scope: path(0),
  },
  {
    capability: "filesystem-write",
    why: "writes a data file",
    names: `pandas.ExcelWriter pandas.HDFStore .write_csv .write_parquet .write_ipc .write_ndjson .sink_parquet .sink_csv
            pyarrow.parquet.write_table pyarrow.parquet.ParquetWriter pyarrow.csv.write_csv pyarrow.feather.write_feather
            numpy.save numpy.savez numpy.savez_compressed numpy.savetxt numpy.memmap .tofile scipy.io.savemat
            scipy.io.wavfile.write scipy.io.mmwrite scipy.sparse.save_npz joblib.dump cv2.imwrite cv2.VideoWriter
            imageio.imwrite imageio.imsave imageio.mimsave imageio.get_writer imageio.v2.imwrite imageio.v3.imwrite
            skimage.io.imsave soundfile.write wavfile.write nibabel.save nrrd.write tifffile.imwrite laspy.write
            astropy.io.fits.writeto SimpleITK.WriteImage pydub.AudioSegment.export`,
    scope: path(0),
  },
  {
    capability: "filesystem-read",
    why: "reads a data file",
    names: `numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile numpy.memmap numpy.recfromcsv scipy.io.loadmat
            scipy.io.wavfile.read scipy.io.mmread scipy.sparse.load_npz joblib.load sklearn.datasets.load_files
            sklearn.datasets.load_svmlight_file PIL.Image.open cv2.imread cv2.VideoCapture
            cv2.CascadeClassifier cv2.dnn.readNet skvideo.io.vread imageio.get_reader imageio.mimread nibabel.load
            nrrd.read tifffile.imread tifffile.TiffFile pydicom.dcmread pydicom.read_file SimpleITK.ReadImage laspy.read
            osgeo.gdal.Open osgeo.ogr.Open shapefile.Reader soundfile.read librosa.load librosa.core.load torchaudio.load
            audioread.audio_open pydub.AudioSegment.from_file pydub.AudioSegment.from_wav pydub.AudioSegment.from_mp3
            moviepy.editor.VideoFileClip moviepy.VideoFileClip networkx.read_graphml networkx.read_gml
            networkx.read_edgelist Bio.SeqIO.parse Bio.SeqIO.read pysam.AlignmentFile pysam.FastaFile pysam.VariantFile
            mutagen.File mutagen.mp3.MP3 eyed3.load exifread.process_file music21.converter.parse mido.MidiFile`,
    scope: path(0),
  },
  {
    capability: "filesystem-read",
    why: "opens a data file",
    names: H5,
    when: { kind: "reads", mode: 1 },
    scope: path(0),
  },
  {
    capability: "filesystem-write",
    why: "opens a data file for writing",
    names: H5,
    when: { kind: "writes", mode: 1 },
    scope: path(0),
  },
  {
    capability: "filesystem-write",
    why: "saves a picture",
    names: `matplotlib.pyplot.savefig matplotlib.pyplot.imsave matplotlib.image.imsave .savefig PIL.Image.open.save
            PIL.Image.new.save PIL.Image.fromarray.save plotly.io.write_html plotly.io.write_image
            plotly.offline.plot .write_html .write_image bokeh.plotting.save bokeh.io.save
            graphviz.Digraph.render graphviz.Graph.render networkx.write_graphml networkx.write_gml wordcloud.WordCloud.to_file
            qrcode.make.save altair.Chart.save pygal.Bar.render_to_file`,
    scope: path(0),
  },
  {
    capability: "process-spawn",
    why: "starts a program for pictures, sound or text",
    names: `graphviz.Digraph.render graphviz.Graph.render graphviz.Source.render graphviz.render 
            pydot.Dot.write_png pydot.Dot.write pydub.AudioSegment.from_file pydub.AudioSegment.from_mp3
            pydub.AudioSegment.export moviepy.editor.VideoFileClip moviepy.VideoFileClip ffmpeg.run ffmpeg.probe
            ffmpeg.input.output ffmpeg.output.run imageio_ffmpeg.* pytesseract.* pypandoc.* pdfkit.* imgkit.*
            pdf2image.* textract.process camelot.read_pdf tabula.* weasyprint.HTML.write_png matplotlib.animation.FuncAnimation.save
            plotly.io.write_image rpy2.robjects.r gnuplotlib.plot`,
  },
  // --- machine learning ----------------------------------------------------------------------------------------
  {
    capability: "filesystem-read",
    why: "loads a model",
    names: `torch.load torch.jit.load safetensors.torch.load_file safetensors.safe_open keras.models.load_model
            tensorflow.keras.models.load_model tensorflow.saved_model.load tensorflow.io.read_file
            tensorflow.io.gfile.GFile tensorflow.data.TFRecordDataset tensorflow.lite.Interpreter tflite_runtime.interpreter.Interpreter
            onnx.load onnxruntime.InferenceSession spacy.load gensim.models.KeyedVectors.load
            gensim.models.KeyedVectors.load_word2vec_format gensim.models.Word2Vec.load fasttext.load_model
            xgboost.Booster lightgbm.Booster catboost.CatBoostClassifier.load_model whisper.load_model
            llama_cpp.Llama sentencepiece.SentencePieceProcessor sentence_transformers.SentenceTransformer
            ultralytics.YOLO torchvision.datasets.ImageFolder torchvision.io.read_image torchvision.io.read_video
            .from_pretrained .load_from_checkpoint .load_weights`,
    scope: path(0),
  },
  {
    capability: "filesystem-write",
    why: "saves a model or training data",
    names: `torch.save torch.jit.save torch.onnx.export safetensors.torch.save_file tensorflow.saved_model.save
            tensorflow.io.write_file tensorflow.io.TFRecordWriter tensorflow.train.Checkpoint tensorflow.summary.create_file_writer
            torch.utils.tensorboard.SummaryWriter tensorboardX.SummaryWriter torchvision.utils.save_image
            torchaudio.save onnx.save keras.callbacks.ModelCheckpoint tensorflow.keras.callbacks.ModelCheckpoint
            pytorch_lightning.Trainer lightning.Trainer lightning.pytorch.Trainer transformers.Trainer.train
            transformers.TrainingArguments accelerate.Accelerator.save_state .save_pretrained .save_to_disk
            .save_checkpoint .save_weights .save_model datasets.load_dataset huggingface_hub.hf_hub_download
            huggingface_hub.snapshot_download wandb.init mlflow.start_run mlflow.log_artifact optuna.create_study
            nltk.download gdown.download wget.download torch.hub.load torch.hub.download_url_to_file`,
    scope: path(1),
  },
  {
    capability: "network-access",
    why: "may download a model or data",
    names: `.from_pretrained .push_to_hub transformers.pipeline huggingface_hub.* datasets.load_dataset
            datasets.load_dataset_builder evaluate.load sentence_transformers.SentenceTransformer
            sentence_transformers.CrossEncoder whisper.load_model timm.create_model clip.load open_clip.create_model_and_transforms
            ultralytics.YOLO torch.hub.load torch.hub.load_state_dict_from_url torch.hub.download_url_to_file
            torchvision.datasets.* torchtext.datasets.* torchaudio.datasets.* torchvision.models.resnet50
            tensorflow.keras.datasets.* keras.datasets.* tensorflow.keras.utils.get_file keras.utils.get_file
            tensorflow_datasets.load tensorflow_hub.load sklearn.datasets.fetch_* seaborn.load_dataset vega_datasets.data
            nltk.download spacy.cli.download stanza.download gensim.downloader.load gdown.download kaggle.api.*
            kagglehub.* modelscope.* openml.* wandb.init wandb.login mlflow.set_tracking_uri mlflow.start_run comet_ml.*
            neptune.* clearml.Task.init tiktoken.get_encoding tiktoken.encoding_for_model ray.init`,
  },
  {
    capability: "deserialization",
    why: "rebuilds objects from data, which can run code",
    names: `dill.load dill.loads cloudpickle.load cloudpickle.loads joblib.load jsonpickle.decode pandas.read_pickle
            sklearn.externals.joblib.load keras.models.load_model tensorflow.keras.models.load_model yaml.unsafe_load
            yaml.unsafe_load_all yaml.full_load yaml.full_load_all hickle.load shap.Explainer.load pickle5.load
            pickle5.loads compress_pickle.load`,
  },
  {
    capability: "deserialization",
    why: "rebuilds objects from data, which can run code",
    names: "torch.load",
    when: { kind: "is-not-true", keyword: "weights_only" },
  },
  {
    capability: "deserialization",
    why: "rebuilds pickled objects, which can run code",
    names: "numpy.load",
    when: { kind: "is-true", keyword: "allow_pickle" },
  },
  {
    capability: "dynamic-code",
    why: "runs code that comes with a model",
    names: ".from_pretrained datasets.load_dataset transformers.pipeline torch.hub.load",
    when: { kind: "is-true", keyword: "trust_remote_code" },
  },
  {
    capability: "deserialization",
    why: "rebuilds objects from data, which can run code",
    names: "yaml.load yaml.load_all ruamel.yaml.load",
    when: { kind: "unsafe-loader" },
  },
  {
    capability: "gpu",
    why: "uses the GPU",
    names: `torch.cuda.* torch.backends.mps.* torch.backends.cuda.* cupy.* tensorflow.config.list_physical_devices
            tensorflow.test.is_gpu_available tensorflow.device pynvml.* nvidia_smi.* GPUtil.* pycuda.* pyopencl.*
            jax.devices jax.device_put numba.cuda.* taichi.init moderngl.* vllm.LLM .cuda`,
  },
  // --- documents and formats -----------------------------------------------------------------------------------
  {
    capability: "filesystem-read",
    why: "reads a document",
    names: `openpyxl.load_workbook xlrd.open_workbook odf.opendocument.load docx.Document pptx.Presentation
            pypdf.PdfReader PyPDF2.PdfReader PyPDF2.PdfFileReader pypdf.PdfMerger PyPDF2.PdfMerger pikepdf.open
            pikepdf.Pdf.open fitz.open pymupdf.open pdfplumber.open pdfminer.high_level.extract_text
            pdfminer.high_level.extract_pages pdf2image.convert_from_path camelot.read_pdf tabula.read_pdf
            ebooklib.epub.read_epub lxml.etree.parse lxml.etree.iterparse lxml.html.parse lxml.objectify.parse
            xmlschema.XMLSchema toml.load tomlkit.load pytoml.load 
            rtoml.load jinja2.FileSystemLoader jinja2.PackageLoader
            jinja2.Environment.get_template mako.lookup.TemplateLookup mako.template.Template markdown.markdownFromFile
            docutils.core.publish_file docutils.core.publish_cmdline docutils.io.FileInput polib.pofile polib.mofile
            babel.messages.frontend.CommandLineInterface.run dotenv.load_dotenv dotenv.dotenv_values configobj.ConfigObj
            omegaconf.OmegaConf.load hydra.main dynaconf.Dynaconf anyconfig.load ezdxf.readfile trimesh.load
            open3d.io.read_point_cloud cartopy.io.shapereader.Reader pygments.lexers.load_lexer_from_file
            frontmatter.load nbformat.read jupytext.read magic.from_file filetype.guess puremagic.from_file
             pefile.PE androguard.misc.AnalyzeAPK
            tinydb.TinyDB lmdb.open plyvel.DB diskcache.Cache sqlite_utils.Database duckdb.connect aiosqlite.connect
            dataset.connect pyreadstat.read_sav py7zr.SevenZipFile rarfile.RarFile patoolib.extract_archive
            zstandard.open pyzipper.AESZipFile`,
    scope: path(0),
  },
  {
    capability: "filesystem-write",
    why: "writes a document",
    names: `openpyxl.Workbook.save openpyxl.load_workbook.save xlsxwriter.Workbook xlwt.Workbook.save docx.Document.save
            pptx.Presentation.save pypdf.PdfWriter.write PyPDF2.PdfWriter.write PyPDF2.PdfFileWriter.write pikepdf.open.save
            fitz.open.save pymupdf.open.save reportlab.pdfgen.canvas.Canvas reportlab.platypus.SimpleDocTemplate
            fpdf.FPDF.output weasyprint.HTML.write_pdf pdfkit.from_url pdfkit.from_file pdfkit.from_string
            pypandoc.convert_file lxml.etree.ElementTree.write lxml.etree.parse.write ebooklib.epub.write_epub
            markdown.markdownFromFile docutils.core.publish_file docutils.core.publish_cmdline tinydb.TinyDB lmdb.open
            plyvel.DB diskcache.Cache sqlite_utils.Database duckdb.connect aiosqlite.connect dataset.connect
            py7zr.SevenZipFile.extractall py7zr.SevenZipFile.writeall rarfile.RarFile.extractall patoolib.extract_archive
            patoolib.create_archive nbformat.write jupytext.write polib.POFile.save dotenv.set_key dotenv.unset_key
            filelock.FileLock portalocker.Lock fasteners.InterProcessLock omegaconf.OmegaConf.save gtts.gTTS.save
            loguru.logger.add cookiecutter.main.cookiecutter copier.run_copy pyttsx3.init.save_to_file
            jinja2.environment.TemplateStream.dump barcode.get.save srsly.write_json atomicwrites.atomic_write`,
    scope: path(0),
  },
  {
    capability: "filesystem-read",
    why: "reads files through a library",
    names: `watchdog.observers.Observer watchfiles.watch watchfiles.awatch dirhash.dirhash pathspec.util.iter_tree_files
            git.Repo git.Repo.init pygit2.Repository dulwich.repo.Repo dulwich.porcelain.status 
            hglib.open pytest.main nose.main coverage.Coverage mypy.api.run pylint.lint.Run flake8.api.legacy.get_style_guide
            black.format_file_in_place isort.file isort.api.sort_file bandit.core.manager.BanditManager jedi.Script
            rope.base.project.Project libcst.codemod.parallel_exec_transform_with_prettyprint importlib_resources.files
            importlib.resources.files importlib.resources.read_text importlib.resources.open_text importlib.resources.path
            pkg_resources.resource_string pkg_resources.resource_stream pkg_resources.resource_filename
            certifi.contents tree_sitter.Language.build_library`,
    scope: path(0),
  },
  {
    capability: "filesystem-write",
    why: "writes files through a library",
    names: `setuptools.setup git.Repo.init git.Repo.clone_from pygit2.init_repository pygit2.clone_repository
            dulwich.porcelain.* black.format_file_in_place isort.file isort.api.sort_file cython.build.cythonize
            Cython.Build.cythonize PyInstaller.__main__.run nuitka.__main__.main build.ProjectBuilder.build
            virtualenv.cli_run virtualenv.session_via_cli mkdocs.commands.build.build sphinx.cmd.build.main
            sphinx.application.Sphinx pelican.Pelican coverage.Coverage.html_report scrapy.*`,
  },
  {
    capability: "filesystem-delete",
    why: "deletes files",
    names: "send2trash.send2trash Send2Trash.send2trash",
    scope: path(0),
  },
  {
    capability: "secrets",
    why: "reads stored secrets",
    names: `keyring.get_password keyring.get_credential browser_cookie3.*
            hvac.Client secretstorage.* win32cred.* keyring.backend.* google.auth.default boto3.session.Session.get_credentials
            azure.identity.* azure.keyvault.* pykeepass.PyKeePass onepasswordconnectsdk.* msal.PublicClientApplication
            gnupg.GPG.decrypt gnupg.GPG.export_keys`,
  },
  { capability: "secrets", why: "stores secrets", names: "keyring.set_password keyring.delete_password" },
  {
    capability: "env-read",
    why: "reads environment variables",
    names: `environs.Env environ.Env decouple.config decouple.Config dotenv.load_dotenv dotenv.find_dotenv
            pydantic_settings.BaseSettings pydantic.BaseSettings starlette.config.Config prettyconf.config`,
  },
  {
    capability: "env-write",
    why: "changes environment variables",
    names: "dotenv.load_dotenv environs.Env.read_env environ.Env.read_env",
  },
  // --- programs ------------------------------------------------------------------------------------------------
  {
    capability: "process-spawn",
    why: "starts another program",
    names: `pexpect.spawn pexpect.run pexpect.popen_spawn.PopenSpawn ptyprocess.PtyProcess.spawn ptyprocess.PtyProcessUnicode.spawn
            psutil.Popen invoke.run invoke.Context.run sh.Command delegator.run fabric.api.local envoy.run
            sarge.run sarge.capture_stdout easyprocess.EasyProcess anyio.run_process trio.run_process
            winpty.PtyProcess.spawn click.edit click.launch typer.launch nox.Session.run invoke.Context.sudo
            fabric.Connection.local`,
    scope: program(0),
  },
  {
    capability: "process-spawn",
    why: "starts other programs through a library",
    names: `plumbum.local plumbum.local.* plumbum.cmd.* sh.* git.Repo git.Git git.cmd.Git git.Repo.clone_from hglib.open
            gnupg.GPG pyperclip.copy pyperclip.paste distro.id distro.info setuptools.setup virtualenv.cli_run
            Cython.Build.cythonize PyInstaller.__main__.run build.ProjectBuilder webdriver_manager.* selenium.webdriver.*
            playwright.sync_api.sync_playwright playwright.async_api.async_playwright pyppeteer.launch
            undetected_chromedriver.Chrome splinter.Browser pyspark.sql.SparkSession.builder pyspark.SparkContext
            click.echo_via_pager rich.console.Console.pager click.edit pwn.process pwnlib.tubes.process.process
             docker.from_env.containers.run nmap.PortScanner testcontainers.* pre_commit.main.main
             jnius.autoclass jpype.startJVM py4j.java_gateway.launch_gateway`,
  },
  {
    capability: "process-spawn",
    why: "starts worker processes",
    names: `joblib.Parallel torch.multiprocessing.spawn torch.multiprocessing.Process torch.multiprocessing.Pool
             multiprocess.Pool multiprocess.Process pathos.multiprocessing.ProcessingPool
            pathos.pools.ProcessPool billiard.Process loky.get_reusable_executor ray.init dask.distributed.LocalCluster
            dask.distributed.Client distributed.Client distributed.LocalCluster tqdm.contrib.concurrent.process_map
            mpire.WorkerPool pebble.ProcessPool daemon.DaemonContext accelerate.notebook_launcher`,
  },
  {
    capability: "process-signal",
    why: "signals other processes",
    names: `psutil.Process.kill psutil.Process.terminate psutil.Process.send_signal psutil.Process.suspend
            psutil.Process.resume pexpect.spawn.kill pexpect.spawn.terminate pexpect.spawn.sendintr psutil.Popen.kill
            psutil.Popen.terminate`,
  },
  {
    capability: "native-code",
    why: "loads native code",
    names: `cffi.FFI cffi.FFI.dlopen torch.ops.load_library torch.classes.load_library torch.utils.cpp_extension.load
            torch.utils.cpp_extension.load_inline numpy.ctypeslib.load_library tensorflow.load_op_library llvmlite.binding.*
            pyximport.install frida.attach frida.spawn unicorn.Uc`,
  },
  {
    capability: "dynamic-code",
    why: "runs code that is made or chosen while it runs",
    names: `IPython.embed IPython.start_ipython IPython.terminal.embed.InteractiveShellEmbed bpython.embed ptpython.repl.embed
            pytest.main nose.main asteval.Interpreter numexpr.evaluate sympy.sympify sympy.parsing.sympy_parser.parse_expr
            RestrictedPython.compile_restricted django.core.management.execute_from_command_line pyximport.install
            jinja2.Environment.compile_expression nbconvert.preprocessors.ExecutePreprocessor papermill.execute_notebook
            lupa.LuaRuntime js2py.eval_js execjs.eval dukpy.evaljs stevedore.* pluggy.PluginManager.load_setuptools_entrypoints
            hydra.utils.instantiate six.exec_ past.builtins.execfile torch.utils.cpp_extension.load_inline
            langchain_experimental.* smolagents.CodeAgent`,
  },
  {
    capability: "package-install",
    why: "installs packages",
    names: `nox.Session.install nox.Session.conda_install pip.main pip._internal.main pip._internal.cli.main.main
            setuptools.command.easy_install.main conda.cli.main mim.install pipx.commands.install
            playwright.__main__.main webdriver_manager.chrome.ChromeDriverManager spacy.cli.download`,
  },
  {
    capability: "privileged",
    why: "needs or changes privileges",
    names:
      "bcc.BPF prctl.set_caps elevate.elevate scapy.all.sniff scapy.all.sr1 scapy.all.sendp pyroute2.IPRoute pyroute2.NetNS iptc.* pcapy.open_live pcap.pcap",
  },
  // --- people and devices --------------------------------------------------------------------------------------
  {
    capability: "stdin",
    why: "reads standard input",
    names: `click.prompt click.confirm click.getchar click.pause click.get_text_stream click.get_binary_stream
            typer.prompt typer.confirm questionary.* inquirer.prompt inquirer.* InquirerPy.* PyInquirer.prompt
            prompt_toolkit.prompt prompt_toolkit.PromptSession prompt_toolkit.shortcuts.* rich.prompt.Prompt.ask rich.prompt.Confirm.ask
            rich.prompt.IntPrompt.ask rich.prompt.FloatPrompt.ask rich.console.Console.input cmd2.Cmd.cmdloop
            textual.app.App.run urwid.MainLoop blessed.Terminal.inkey npyscreen.* asciimatics.screen.Screen.wrapper
            simple_term_menu.TerminalMenu pick.pick readchar.* IPython.embed pwinput.pwinput stdiomask.getpass six.moves.input`,
  },
  {
    capability: "gui",
    why: "opens windows",
    names: `PyQt5.QtWidgets.QApplication PyQt6.QtWidgets.QApplication PySide2.QtWidgets.QApplication
            PySide6.QtWidgets.QApplication PyQt4.QtGui.QApplication qtpy.QtWidgets.QApplication pygame.display.set_mode
            pyglet.window.Window arcade.Window wx.App matplotlib.pyplot.show cv2.imshow cv2.namedWindow pyautogui.* pynput.*
            webview.create_window kivy.app.App.run customtkinter.CTk easygui.* PySimpleGUI.Window dearpygui.dearpygui.*
            gi.repository.Gtk.* pymsgbox.* open3d.visualization.* vtk.vtkRenderWindow mayavi.mlab.show pyvista.Plotter.show
            napari.* plotly.io.show PIL.Image.open.show pystray.Icon flet.app toga.App.main_loop mss.mss`,
  },
];
