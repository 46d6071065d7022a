"""What is generated and published, before the validators that others use: of Croissant, CFF, CycloneDX and RO-Crate.

The requirements of most contradict those of the project and each other, so that they are looked for as commands.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from .projects import make

pytestmark = pytest.mark.slow  # the smoke profile

MODEL = Path("models") / "smoke"
CRATE = ("-y", "validate", "--profile-identifier", "process-run-crate-0.5", "--no-paging")


def peer(package: str, command: str, *arguments: str, folder: Path) -> None:
    """Run a validator, whose exit status is its verdict; skip the test where it is not installed."""
    program = shutil.which(command)
    if program is None:
        pytest.skip(f"{command} is not installed: uv tool install {package}")
    result = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def archive(showers: Path) -> Path:
    """The files that would be published."""
    make(showers, "publish-dry-run", "PROFILE=smoke")
    (folder,) = (showers / "build" / "smoke" / "publish").glob("*/archive")
    return folder


def test_the_data_are_a_croissant(showers: Path) -> None:
    name = str(MODEL / "croissant.jsonld")
    peer("mlcroissant", "mlcroissant", "validate", "--jsonld", name, folder=showers)


def test_the_citation_is_one(showers: Path) -> None:
    peer("cffconvert", "cffconvert", "--validate", folder=showers)


def test_the_bill_of_materials_keeps_the_schema(showers: Path) -> None:
    text = (showers / MODEL / "sbom.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_the_record_of_the_steps_is_a_process_run_crate(showers: Path) -> None:
    peer("roc-validator", "rocrate-validator", *CRATE, str(showers), folder=showers)


def test_so_is_the_archive(archive: Path) -> None:
    peer("roc-validator", "rocrate-validator", *CRATE, str(archive), folder=archive)
