"""The project's own commands."""

from pathlib import Path

from fairmodel import Command, option

__all__ = ["STUDIES"]

STUDIES = (
    Command(
        "benchmark",
        "measure the network's speed beside the textbook form and the floor of the arithmetic",
        ".benchmarks.network:benchmark",
        (option("--rounds", type=int, default=9, help="runs of each form, in turns (default: %(default)s)"),),
        recorded=False,
    ),
    Command(
        "benchmark-data",
        "measure how fast CMS ntuples are converted, beside the plain way and bare reading",
        ".benchmarks.data:benchmark_data",
        (
            option(
                "--root",
                type=Path,
                required=True,
                metavar="FOLDER",
                help="ROOT files in train/ and test/ there are read",
            ),
            option("--rounds", type=int, default=5, help="runs of each way, in turns (default: %(default)s)"),
        ),
    ),
    Command(
        "benchmark-relevance",
        "measure the speed of relevance propagation beside the textbook form",
        ".benchmarks.relevance:benchmark_relevance",
        (
            option("--rounds", type=int, default=3, help="runs of each form, in turns (default: %(default)s)"),
            option("--jets", type=int, default=512, help="jets of the test sample (default: %(default)s)"),
        ),
        recorded=False,
    ),
    Command(
        "explain-paper",
        "make the tables and figures of arXiv:2212.05081 on the network, with the published numbers beside",
        ".interpretation.command:explain_paper",
    ),
    Command(
        "export-published",
        "write the weights in the layout of the published implementation",
        ".export:export_published",
        (option("--out", type=Path, metavar="FILE", help="default: models/<profile>/published.pth"),),
    ),
    Command(
        "notebook-sample",
        "keep the network and a few test jets in docs/one-jet, for the notebook that explains one of them",
        ".interpretation.command:notebook_sample",
    ),
    Command(
        "simulate",
        "simulate jets and write them as ROOT files in the format of the CMS open data",
        ".data.cms.mixture:write_ntuples",
        (
            option(
                "--root",
                type=Path,
                required=True,
                metavar="FOLDER",
                help="write ROOT files into train/ and test/ there",
            ),
            option(
                "--jets-per-file",
                type=int,
                default=20_000,
                metavar="N",
                help="jets in one file (default: %(default)s)",
            ),
        ),
        workers="chunks",
    ),
)
