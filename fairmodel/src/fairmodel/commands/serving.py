"""The commands that put an exported model behind a network interface."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..serving.limits import Limits
from .common import add_command, add_profile, as_action, positive

if TYPE_CHECKING:
    from ..config import RunConfig
    from ..interface import Project
    from ..paths import Paths

__all__ = ["SERVING", "add_serving"]

SERVING = {
    "serve": "answer requests for predictions over HTTP (Open Inference Protocol, version 2)",
    "load-test": "measure latency and throughput of a server against the number of its clients",
    "triton-repository": "write a model repository for the Triton inference server",
}


def add_serving(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    """Add the commands."""
    adders = {"serve": _add_serve, "load-test": _add_load_test, "triton-repository": _add_repository}
    for name, add in adders.items():
        text = SERVING[name]
        parser = add_command(commands, name, text)
        add_profile(parser)
        add(parser, project)


def _add_serve(parser: argparse.ArgumentParser, project: "Project") -> None:
    usual = Limits()
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0: reachable from elsewhere (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="0: a free one (default: %(default)s)")
    parser.add_argument("--threads", type=positive, default=1, help="of ONNX Runtime (default: %(default)s)")
    limits = (
        ("--max-batch", positive, usual.batch, "ROWS", "gathered for one call"),
        ("--max-delay", _duration, usual.delay, "SECONDS", "that a request waits for others"),
        ("--max-rows", positive, usual.rows, "ROWS", "of one request"),
        ("--max-body", positive, usual.body, "BYTES", "of one request"),
        ("--max-requests", positive, usual.requests, "N", "at a time"),
    )
    for option, kind, default, metavar, text in limits:
        shown = f"{text} (default: %(default)s)"
        parser.add_argument(option, type=kind, default=default, metavar=metavar, help=shown)
    text = "start none, but ask the server on that port of this machine whether it is ready"
    parser.add_argument("--health", action="store_true", help=text)
    # no step of the DAG: it makes nothing that a record could say the origin of
    parser.set_defaults(run=lambda arguments: _serve(project, arguments))


def _serve(project: "Project", arguments: argparse.Namespace) -> None:
    from ..serving.client import check_ready

    if arguments.health:
        check_ready(arguments.port)
    else:
        _start(project, arguments)


def _start(project: "Project", arguments: argparse.Namespace) -> None:
    from ..config import load_config
    from ..paths import Paths
    from ..serving.model import open_served
    from ..serving.server import serve

    paths = Paths.of_project(arguments.project.resolve(), arguments.profile)
    config = load_config(paths.config, project.DataOptions, project.ModelOptions, project.SCHEMA)
    limits = Limits(
        batch=arguments.max_batch,
        delay=arguments.max_delay,
        rows=arguments.max_rows,
        body=arguments.max_body,
        requests=arguments.max_requests,
    )
    model = open_served(paths, project.SCHEMA, threads=arguments.threads, tolerance=config.export.tolerance)
    serve(model, limits, arguments.host, arguments.port)


def _add_load_test(parser: argparse.ArgumentParser, project: "Project") -> None:
    text = "address of the model, such as http://127.0.0.1:8000/v2/models/NAME"
    parser.add_argument("url", metavar="URL", help=text)
    parser.add_argument(
        "--clients", type=_numbers, default=(1, 2, 4, 8, 16), metavar="N,…", help="at a time (default: 1,2,4,8,16)"
    )
    parser.add_argument("--rows", type=positive, default=1, help="in each request (default: %(default)s)")
    parser.add_argument("--seconds", type=_duration, default=5.0, help="for each number of clients (default: 5)")
    parser.set_defaults(run=as_action(_load_test, project))


def _load_test(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    del config
    from ..serving.model import SAMPLE, sample_rows

    entity, folder = project.SCHEMA.entity, paths.report / "serving"
    rows = sample_rows(paths.model / SAMPLE, project.SCHEMA, arguments.rows)
    from ..serving.load import load_test

    table = load_test(arguments.url, rows, arguments.clients, arguments.seconds, folder, entity)
    sys.stdout.write(f"{table.as_markdown()}\n{folder / 'load'}.json, .md, .tex, .png and .pdf\n")


def _add_repository(parser: argparse.ArgumentParser, project: "Project") -> None:
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: models/<profile>/triton")
    parser.set_defaults(run=as_action(_repository, project))


def _repository(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    del config
    from ..serving.model import NAME, read_own_graph
    from ..serving.triton import write_repository

    graph = read_own_graph(paths.onnx, project.SCHEMA)
    written = write_repository(graph, paths.onnx, arguments.out or paths.model / "triton", NAME, Limits())
    sys.stdout.write(f"{written}\n")


def _duration(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < 3600:
        message = f"{text!r} is not a number of seconds below an hour"
        raise argparse.ArgumentTypeError(message)
    return value


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(positive(part) for part in text.split(","))
