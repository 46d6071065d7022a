"""The reference's results in the READMEs: every number comes from a run of `make reference`.

With `--update` this script takes the metrics and the run record of the quick profile, keeps what the tables show in
`reference_hbb_in/docs/quick.json`, writes the tables between the `results` markers, and puts the figures beside
them into `docs/figures`. Without it, it checks that the tables follow that file.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from fairmodel.cli import main as run_command
from fairmodel.discover import find_project
from fairmodel.evaluation.rows import rejection_text
from markers import marked, replace_marked

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "reference_hbb_in"
RESULTS = REFERENCE / "docs" / "quick.json"
METRICS = ("profile", "jets", "classes", "parameters", "inputs", "auc", "accuracy", "cross_entropy", "rejection")
FIGURES = ROOT / "docs" / "figures"
JET = ("--class", "Hbb", "--row", "40")  # the jet that is shown: two vertices, one for each b quark
READMES = (ROOT / "README.md", REFERENCE / "README.md")


def collect() -> dict[str, Any]:
    """What the tables show of the last run of the quick profile."""
    metrics = json.loads((REFERENCE / "reports/quick/metrics.json").read_text(encoding="utf-8"))
    run = json.loads((REFERENCE / "models/quick/run.json").read_text(encoding="utf-8"))
    if run["commit"]["dirty"] is not False:
        message = "the last run of the quick profile was not made from a clean commit; commit, then `make reference`"
        raise SystemExit(message)
    record = {key: run[key] for key in ("seed", "commit", "duration_seconds", "hardware", "training")}
    return {"metrics": {key: metrics[key] for key in METRICS}, "run": record | {"torch": run["software"]["torch"]}}


def table(results: dict[str, Any]) -> str:
    """The Markdown between the markers."""
    metrics, run = results["metrics"], results["run"]
    rows = [("AUC", _value(metrics["auc"], 4)), ("Accuracy", _value(metrics["accuracy"], 4))]
    for efficiency, item in metrics["rejection"].items():
        rows.append((f"Background rejection at {float(efficiency):.0%} signal efficiency", rejection_text(item)))
    lines = [f"| {name} | {value} |" for name, value in rows]
    classes = " and ".join(f"{count} {name}" for name, count in metrics["classes"].items())
    text = (
        f"Quick profile (`make reference`), {classes} jets of the test split, {metrics['parameters']} parameters, "
        f"trained for {run['training']['epochs']} epochs in {run['duration_seconds'] / 60:.0f} minutes on one core at "
        f"commit {run['commit']['id'][:10]}; errors from the bootstrap, 68 % intervals in brackets:"
    )
    return "\n".join(["", text, "", "| Test split | Value |", "| --- | --- |", *lines, "", ""])


def draw() -> None:
    """The figures beside the tables: a jet of the test split, and the curve of the last run."""
    FIGURES.mkdir(exist_ok=True)
    shutil.copyfile(REFERENCE / "reports/quick/figures/roc.png", FIGURES / "roc.png")
    data = REFERENCE / "data/processed/quick/test.h5"
    if run_command(find_project(REFERENCE), ["data", "plot", str(data), *JET, "--out", str(FIGURES / "jet.png")]):
        raise SystemExit(1)


def _value(item: dict[str, float], digits: int) -> str:
    return f"{item['value']:.{digits}f} ± {item['error']:.{digits}f}"


def main() -> int:
    """Update or check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="take over the last run of the quick profile")
    if parser.parse_args().update:
        RESULTS.write_text(json.dumps(collect(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        for path in READMES:
            replace_marked(path, "results", table(json.loads(RESULTS.read_text(encoding="utf-8"))))
        draw()
    expected = table(json.loads(RESULTS.read_text(encoding="utf-8")))
    drifted = [path.relative_to(ROOT) for path in READMES if marked(path, "results") != expected]
    for path in drifted:
        print(f"{path} does not show {RESULTS.relative_to(ROOT)}; run `python tools/readme_results.py --update`")
    return int(bool(drifted))


if __name__ == "__main__":
    sys.exit(main())
