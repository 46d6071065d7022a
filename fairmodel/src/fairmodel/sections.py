"""One file for each section of the configuration, so that make redoes only the steps whose settings changed."""

import json
from pathlib import Path

from .config import RunConfig
from .files import sha256, write_text

__all__ = ["write_sections"]


def write_sections(config: RunConfig, folder: Path, *, manifest: Path, source: str | None = None) -> None:
    """Write `<section>.json` for each section, leaving files with the same content (and their times) alone.

    Where the data are downloaded, another `manifest` is another data section.
    """
    content = config.model_dump(mode="json", exclude={"profile"})
    if source is not None:
        content["data"]["source"] = source
    if content["data"]["source"] != "simulation" and manifest.exists():
        content["data"]["files"] = sha256(manifest)
    for name, section in content.items():
        path = folder / f"{name}.json"
        text = json.dumps(section, indent=2, sort_keys=True) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)
