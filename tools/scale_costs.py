"""What the whole CMS set would cost, in the reference's documentation: every number comes from a measurement.

With `--update` this script takes the costs of the last simulation of a profile (`make data PROFILE=smoke`) and the last
benchmark of the conversion with it (`python -m hbb_in benchmark-data`), if there is one, keeps what the page shows in
`reference_hbb_in/docs/scale.json`, and writes the page's table. Without it, it checks that the table follows
that file.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
from markers import marked, replace_marked

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "reference_hbb_in"
RESULTS = REFERENCE / "docs" / "scale.json"
PAGE = REFERENCE / "docs" / "scale.md"
ALL_JETS = 6_000_000
CORES = 64


def collect(profile: str) -> dict[str, Any]:
    """What was measured with a profile; a conversion that was not measured again is kept as it is."""
    results: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results["simulation"] = simulation(profile)
    benchmark = REFERENCE / "reports" / profile / "benchmark-data.json"
    if benchmark.exists():
        results["conversion"] = conversion(json.loads(benchmark.read_text(encoding="utf-8")))
    return results


def simulation(profile: str) -> dict[str, Any]:
    """Costs of the last simulation of all chunks, and the size of what it made."""
    raw, processed = (REFERENCE / "data" / kind / profile for kind in ("raw", "processed"))
    with h5py.File(processed / "train.h5") as file:
        provenance = json.loads(file.attrs["provenance"])
    runs = json.loads((raw / "cost.json").read_text(encoding="utf-8"))["runs"]
    jets = sum(provenance["simulated_jets"].values())
    whole = [run for run in runs if run["title"] == "simulate" and run["rows"] == jets]
    if not whole:
        message = f"{raw}/cost.json has no run that made all {jets} jets; remove {raw} and make the data again"
        raise SystemExit(message)
    files = sorted(processed.glob("*.h5"))
    kept = ("finished", "tasks", "rows", "processes", "processors", "wall_seconds", "cpu_seconds", "peak_bytes")
    return {name: whole[-1][name] for name in kept} | {
        "profile": profile,
        "step": next(run for run in reversed(runs) if run["title"] == "data"),
        "matched_jets": sum(rows(path) for path in files),
        "raw_bytes": sum((raw / name).stat().st_size for name in provenance["chunks"]),
        "bytes": sum(path.stat().st_size for path in files),
    }


def rows(path: Path) -> int:
    """Number of jets in a file of the data set."""
    with h5py.File(path) as file:
        return len(file["labels"])


def conversion(benchmark: dict[str, Any]) -> dict[str, Any]:
    """What the table needs of a benchmark of the conversion."""
    kept = {name: benchmark[name] for name in ("files", "bytes", "jets", "selected_jets", "rounds")}
    return kept | {
        "processor": benchmark["hardware"]["processor"],
        "jets_per_cpu_second": benchmark["jets_per_cpu_second"]["files"],
    }


def table(results: dict[str, Any]) -> str:
    """The Markdown between the markers."""
    lines = ["", *lines_of_simulation(results["simulation"])]
    if "conversion" in results:
        lines += ["", *lines_of_conversion(results["conversion"])]
    heads = ("Work", "Jets per CPU second", "CPU hours", f"Hours on {CORES} cores")
    lines += ["", f"| {' | '.join(heads)} |", "| --- | ---: | ---: | ---: |"]
    for name, rate, shared in rates(results):
        hours = ALL_JETS / rate / 3600
        lines.append(f"| {name} | {rate:,.0f} | {hours:,.1f} | {f'{hours / CORES:,.1f}' if shared else ''} |")
    return "\n".join([*lines, "", ""])


def rates(results: dict[str, Any]) -> Iterator[tuple[str, float, bool]]:
    """Jets per CPU second of each kind of work, and whether it is shared out."""
    simulated = results["simulation"]
    kept, many = simulated["matched_jets"], f"{ALL_JETS // 10**6} million"
    yield f"{many} jets simulated", simulated["rows"] / simulated["cpu_seconds"], True
    yield f"{many} simulated that are left by the matching", kept / simulated["cpu_seconds"], True
    yield "these matched, shuffled and written", kept / simulated["step"]["cpu_seconds"], False
    if "conversion" in results:
        yield f"{many} jets of CMS converted", results["conversion"]["jets_per_cpu_second"], False


def lines_of_simulation(item: dict[str, Any]) -> list[str]:
    """What was simulated, and what that took."""
    made, kept, step = item["rows"], item["matched_jets"], item["step"]
    return [
        f"Simulation: {item['tasks']} chunks of the profile `{item['profile']}` with {made:,} jets in "
        f"{item['cpu_seconds']:,.0f} CPU s, by {item['processes']} processes on {' and '.join(item['processors'])}, "
        f"each of at most {item['peak_bytes'] / 1e9:.2f} GB; a jet takes {item['raw_bytes'] / made / 1e3:.1f} kB. "
        f"Matching the spectra leaves {kept:,} jets of {item['bytes'] / kept / 1e3:.1f} kB, "
        f"and takes {step['cpu_seconds']:,.1f} CPU s and {step['peak_bytes'] / 1e9:.2f} GB."
    ]


def lines_of_conversion(item: dict[str, Any]) -> list[str]:
    """What was converted, and how fast."""
    return [
        f"Conversion: {item['jets']:,} jets in {item['files']} ROOT files of together {item['bytes'] / 1e6:,.0f} MB, "
        f"of which {item['selected_jets']:,} lie in the window, on {item['processor']}, "
        f"median of {item['rounds']} rounds."
    ]


def main() -> int:
    """Update or check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="take over the last measurements")
    parser.add_argument("--profile", default="smoke", help="of this profile (default: %(default)s)")
    options = parser.parse_args()
    if options.update:
        RESULTS.write_text(json.dumps(collect(options.profile), indent=2) + "\n", encoding="utf-8")
        replace_marked(PAGE, "scale", table(json.loads(RESULTS.read_text(encoding="utf-8"))))
    drifted = marked(PAGE, "scale") != table(json.loads(RESULTS.read_text(encoding="utf-8")))
    if drifted:
        print(f"{PAGE.relative_to(ROOT)} does not show {RESULTS.name}; run `python tools/scale_costs.py --update`")
    return int(drifted)


if __name__ == "__main__":
    sys.exit(main())
