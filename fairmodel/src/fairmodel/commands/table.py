"""Every command of the engine: its name, its help, the function that does it, and the options that this one takes."""

from pathlib import Path

from ..interface import Command, option
from ..interpret.parts import PARTS
from ..settings.inference import BACKENDS, PRECISIONS
from ..settings.serving import Limits
from .options import FOLDER, PROFILE, SOURCE, THREADS, numbers, positive, seconds

__all__ = ["COMMANDS"]

STEPS = "fairmodel.commands.steps"
ZENODO = "https://zenodo.org"

PRECISION = option(
    "--precision",
    choices=tuple(PRECISIONS),
    default="float32",
    help="which graph to take: those of fewer bits come from `quantise` (default: %(default)s)",
)
PART_NAMES = [part.name for part in PARTS]
SERVER = (
    option(
        "--sandbox", exclusive="server", action="store_true", help="Zenodo's sandbox, where everything can be tried"
    ),
    option(
        "--base-url",
        exclusive="server",
        default=ZENODO,
        metavar="URL",
        help="another InvenioRDM (default: %(default)s)",
    ),
)

DATA = Command(
    "data",
    "make the data set: train.h5, val.h5 and test.h5; or look at one (data inspect, plot, validate)",
    f"{STEPS}:make_data",
    (SOURCE,),
    workers="chunks",
    actions=(
        Command(
            "inspect",
            "print what a file of the data set holds: columns, units, ranges, checksums",
            "fairmodel.explore.inspect:print_description",
            (
                option("file", metavar="FILE", type=Path, help="a data set, such as data/processed/quick/train.h5"),
                option("--json", dest="as_json", action="store_true", help="all numbers as JSON, for programs"),
            ),
            takes="project",
        ),
        Command(
            "plot",
            "draw one row of a file of the data set",
            "fairmodel.explore.plot:draw_row",
            (
                option("file", metavar="FILE", type=Path, help="a data set, such as data/processed/quick/test.h5"),
                option("--row", metavar="N", type=int, default=0, help="which row, from 0 (default: %(default)s)"),
                option("--class", metavar="NAME", dest="class_name", help="the first row of this class from N on"),
                option(
                    "--out",
                    metavar="PNG|PDF",
                    type=Path,
                    help="the figure's file (default: reports/<name of FILE>-row-N.png)",
                ),
            ),
            takes="project",
        ),
        Command(
            "manifest",
            "list files with sizes and checksums in data/files.toml, for downloads",
            "fairmodel.download.manifest:write_manifest",
            (
                option("files", nargs="*", type=Path, metavar="FILE", help="default: the three files of the data set"),
                option("--doi", help="DOI of the record that has the files, or will have them"),
            ),
        ),
        Command(
            "validate",
            "draw every column by class and compare the data with what is expected",
            "fairmodel.validation.page:validate_data",
            (
                option(
                    "--write-reference",
                    action="store_true",
                    help="keep the statistics as what later data are compared with",
                ),
            ),
        ),
    ),
)

MODEL = (
    Command(
        "train",
        "train the network; a killed training goes on where it stopped",
        "fairmodel.training.train:train",
    ),
    Command("evaluate", "metrics with bootstrap errors on the test split", "fairmodel.evaluation.evaluate:evaluate"),
    Command("export", "write the ONNX graph, after checking it against PyTorch", "fairmodel.export.onnx:export"),
    Command(
        "quantise",
        "write the ONNX graph with fewer bits, and what that costs",
        "fairmodel.export.precision:quantise",
    ),
    Command("report", "draw the figures and write the HTML report", "fairmodel.report.page:report"),
    Command("summary", "print the headline metrics and where the report is", f"{STEPS}:print_summary"),
    Command("graph", "draw the DAG from `make --print-data-base` on standard input", f"{STEPS}:draw_graph"),
    Command(
        "stamps",
        "write what each step depends on to a file that changes only when that does (for make)",
        "fairmodel.stamps:write_stamps",
        (SOURCE,),
        recorded=False,
    ),
    Command(
        "status",
        "print which results are stale, and why: another engine, changed code, settings, inputs",
        "fairmodel.fair.crate.status:print_status",
        recorded=False,
    ),
    Command(
        "explain",
        "explain the network: which features, objects and nodes it uses, by several methods",
        "fairmodel.interpret.explain:explain",
        (
            option(
                "--only",
                nargs="+",
                choices=PART_NAMES,
                metavar="PART",
                default=[],
                help=f"make these parts, and those they need, instead of all: {', '.join(PART_NAMES)}",
            ),
            option(
                "--again",
                action="store_true",
                help="repeat parts that are finished, and whose inputs have not changed",
            ),
        ),
    ),
)

USE = (
    Command(
        "predict",
        "write the model's scores of the rows in files; a killed prediction goes on where it stopped",
        f"{STEPS}:predict",
        (
            option("files", nargs="+", type=Path, metavar="FILE", help="rows to predict"),
            option(
                "--out",
                type=Path,
                default=Path("scores.h5"),
                metavar="FILE",
                help="where the scores go, HDF5 or CSV by its name (default: %(default)s)",
            ),
            option(
                "--backend",
                choices=tuple(BACKENDS),
                default="onnxruntime",
                help="what computes (default: %(default)s)",
            ),
            PRECISION,
            THREADS,
            option(
                "--rows",
                type=positive,
                default=8192,
                metavar="N",
                help="rows that are read, computed and kept at a time (default: %(default)s)",
            ),
        ),
    ),
    Command(
        "engines",
        "build TensorRT engines ahead of time, for GPUs that need not be here",
        f"{STEPS}:build_engines",
        (
            option(
                "--targets",
                nargs="+",
                default=[],
                metavar="SM",
                help="compute capabilities, such as SM89 (default: all from SM80 on that TensorRT for RTX knows)",
            ),
            PRECISION,
        ),
    ),
    Command(
        "portability",
        "compare the runtimes that are present: the same answers, and how fast",
        f"{STEPS}:measure_portability",
        (
            THREADS,
            option(
                "--batches",
                type=positive,
                nargs="+",
                default=(100, 300, 1000, 2000, 4200),
                metavar="ROWS",
                help="sizes of batches (default: 100 300 1000 2000 4200)",
            ),
            option(
                "--repeats",
                type=positive,
                default=10,
                metavar="N",
                help="how often each batch is repeated (default: %(default)s)",
            ),
        ),
    ),
    Command(
        "portability-compare",
        "compare two platforms, by the files portability.json that were written on them",
        "fairmodel.portability.compare:compare_platforms",
        (
            option("a", metavar="A", type=Path, help="a file portability.json"),
            option("b", metavar="B", type=Path, help="another one, of the same model and test rows"),
        ),
    ),
)

TRAININGS = (
    Command(
        "reproduce-seeds",
        "train with several seeds: mean, spread, and whether a reference value is in reach",
        "fairmodel.reproduce.seeds:reproduce_seeds",
        workers="trainings",
    ),
    Command(
        "reproduce-splits",
        "train on the same data split in other ways",
        "fairmodel.reproduce.splits:reproduce_splits",
        (SOURCE,),
        workers="trainings",
    ),
    Command(
        "ablations",
        "train the variants of the network and compare them with the whole one",
        "fairmodel.reproduce.ablations:run_ablations",
        workers="trainings",
    ),
    Command(
        "learning-curve",
        "train on parts of the rows: the AUC against their number",
        "fairmodel.reproduce.learning_curve:learning_curve",
        workers="trainings",
    ),
    Command(
        "compare",
        "compare two runs on the same test rows, with errors of a paired bootstrap",
        "fairmodel.reproduce.compare:compare",
        (
            option("a", metavar="A", help="a profile, or the folder of a model"),
            option("b", metavar="B", help="another one, evaluated on the same test rows"),
        ),
    ),
)

USUAL = Limits()
SERVING = (
    Command(
        "serve",
        "answer requests for predictions over HTTP (Open Inference Protocol, version 2)",
        f"{STEPS}:serve_model",
        (
            PROFILE,
            FOLDER,
            option("--host", default="127.0.0.1", help="0.0.0.0: reachable from elsewhere (default: %(default)s)"),
            option("--port", type=int, default=8000, help="0: a free one (default: %(default)s)"),
            option("--threads", type=positive, default=1, help="of ONNX Runtime (default: %(default)s)"),
            *(
                option(name, type=kind, default=default, metavar=metavar, help=f"{text} (default: %(default)s)")
                for name, kind, default, metavar, text in (
                    ("--max-batch", positive, USUAL.batch, "ROWS", "gathered for one call"),
                    ("--max-delay", seconds, USUAL.delay, "SECONDS", "that a request waits for others"),
                    ("--max-rows", positive, USUAL.rows, "ROWS", "of one request"),
                    ("--max-body", positive, USUAL.body, "BYTES", "of one request"),
                    ("--max-requests", positive, USUAL.requests, "N", "at a time"),
                )
            ),
            option(
                "--health",
                action="store_true",
                help="start none, but ask the server on that port of this machine whether it is ready",
            ),
        ),
        takes="project",
    ),
    Command(
        "load-test",
        "measure latency and throughput of a server against the number of its clients",
        f"{STEPS}:measure_load",
        (
            option("url", metavar="URL", help="address of the model, such as http://127.0.0.1:8000/v2/models/NAME"),
            option(
                "--clients",
                type=numbers,
                default=(1, 2, 4, 8, 16),
                metavar="N,…",
                help="at a time (default: 1,2,4,8,16)",
            ),
            option("--rows", type=positive, default=1, help="in each request (default: %(default)s)"),
            option("--seconds", type=seconds, default=5.0, help="for each number of clients (default: 5)"),
        ),
    ),
    Command(
        "triton-repository",
        "write a model repository for the Triton inference server",
        f"{STEPS}:write_triton",
        (option("--out", type=Path, metavar="FOLDER", help="default: models/<profile>/triton"),),
    ),
)

FAIR = Command(
    "fair",
    "metadata and checks that make the model findable, accessible, interoperable and reusable",
    actions=(
        Command(
            "metadata",
            "write the files that are generated from fair.toml",
            "fairmodel.fair.metadata:write_or_check",
            (
                option("--check", action="store_true", help="change nothing; fail if a file does not follow fair.toml"),
                FOLDER,
            ),
            takes="nothing",
        ),
        Command(
            "describe",
            "write model card, FAIR4ML, Croissant and SBOM of a trained model",
            "fairmodel.fair.describe:describe",
        ),
        Command(
            "check",
            "test the model against each FAIR principle, with evidence and remedies",
            "fairmodel.fair.check.command:check",
            (
                option("--online", action="store_true", help="also ask DOI resolver, DataCite and the record's server"),
                option("--rerun", action="store_true", help="also train once more as recorded, and compare"),
                option(
                    "--resolver",
                    default="https://doi.org",
                    metavar="URL",
                    help="resolver of DOIs (default: %(default)s)",
                ),
                option(
                    "--datacite",
                    default="https://api.datacite.org",
                    metavar="URL",
                    help="index of DOIs (default: %(default)s)",
                ),
                *(
                    option(f"--{name}", type=Path, metavar="FILE", help=f"also write there: {text}")
                    for name, text in (
                        ("json", "everything, as JSON"),
                        ("markdown", "the table, as Markdown"),
                        ("ftr", "the FAIR test-result vocabulary, as JSON-LD"),
                        ("badge", "a badge, as SVG"),
                    )
                ),
                option(
                    "--no-fail",
                    action="store_true",
                    help="write the results, and succeed whatever they are (for `make all`)",
                ),
            ),
        ),
        Command(
            "verify",
            "compare every recorded file with its checksum, and how the steps follow each other",
            "fairmodel.fair.crate.verify:verify_record",
            (
                option(
                    "--rerun",
                    action="store_true",
                    help="train once more as recorded, in a folder of its own, and compare",
                ),
            ),
        ),
        Command(
            "publish",
            "bring the model to Zenodo with a DOI that all of its files name",
            "fairmodel.fair.publish.command:publish",
            (
                option(
                    "--draft",
                    exclusive="stage",
                    dest="stage",
                    action="store_const",
                    const="draft",
                    default="draft",
                    help="leave a complete draft, to be looked at (default)",
                ),
                option(
                    "--publish",
                    exclusive="stage",
                    dest="stage",
                    action="store_const",
                    const="publish",
                    help="publish the draft; this cannot be undone",
                ),
                option(
                    "--dry-run",
                    exclusive="stage",
                    dest="stage",
                    action="store_const",
                    const="dry-run",
                    help="make the archive, send nothing, need no token",
                ),
                option("--new-version", action="store_true", help="insist that the DOI in fair.toml is on the server"),
                option("--target", choices=("zenodo", "hf"), default="zenodo", help="hf: the Hugging Face Hub"),
                option("--repository", default="", metavar="OWNER/NAME", help="the repository of --target hf"),
                *SERVER,
            ),
        ),
        Command(
            "stamp",
            "write the DOI of the draft or record into fair.toml and the badge of README.md",
            "fairmodel.fair.publish.command:stamp",
            SERVER,
        ),
        Command(
            "fetch",
            "fetch a published model by its DOI, verify it and run its sample",
            "fairmodel.fair.fetch.command:fetch_archive",
            (
                option("identifier", help="DOI, address of a record or of a manifest.json, or a folder"),
                option("--to", metavar="FOLDER", help="where the files go (default: fetched/<identifier>)"),
                option(
                    "--lock", metavar="FILE", help="the version that must be it (default: fair.lock.json in FOLDER)"
                ),
                option("--cache", metavar="FOLDER", help="where files are kept (default: ~/.cache/fetch-model)"),
                option("--resolver", default="", help="resolver of DOIs (default: https://doi.org)"),
                option(
                    "--base-url",
                    default="",
                    metavar="URL",
                    help="server of records that are not public; it alone gets the token in ZENODO_TOKEN",
                ),
                option("--no-run", action="store_true", help="do not run the sample"),
            ),
            takes="nothing",
        ),
    ),
)

COMMANDS: tuple[Command, ...] = (DATA, *MODEL, *USE, *TRAININGS, *SERVING, FAIR)
