"""Configurations: every profile loads, and every mistake is named with its file, its key, its value and the remedy."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from fairmodel.config import RunConfig, load_config, profiles
from fairmodel.errors import UserError
from fairmodel.schema import Feature, Input, Schema
from fairmodel.settings.evaluation import Group

from .projects import CELLS_TOML, Channels, Rows

AGE = Feature("age", "ms", "time since the start")
SCHEMA = Schema("images", (Input("cells", 1, (AGE,)),), ("dull", "bright"), signal=1, spectators=(AGE,))


def load(text: str, folder: Path) -> RunConfig:
    path = folder / "here.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, Rows, Channels, SCHEMA)


def problem(text: str, folder: Path) -> str:
    """The error's message, which names the file and is one line."""
    with pytest.raises(UserError) as caught:
        load(text, folder)
    message = str(caught.value)
    assert str(folder / "here.toml") in message
    assert "\n" not in message
    return message


def test_a_whole_file(tmp_path: Path) -> None:
    config = load(CELLS_TOML, tmp_path)
    assert config.data.fractions.train == 0.5
    assert config.data.options == Rows(rows=40)
    assert config.model == Channels(channels=6)
    assert config.evaluation.bootstrap == 5
    assert config.report.score_bins > 0


def test_what_the_metrics_look_at(tmp_path: Path) -> None:
    lines = 'dependence.age = [0, 1.5, 9]\ngroups = [{ name = "old", spectator = "age", low = 2 }]'
    text = CELLS_TOML.replace("bootstrap = 5", lines)
    found = load(text, tmp_path).evaluation
    assert found.dependence == {"age": (0, 1.5, 9)}
    assert found.groups == (Group(name="old", spectator="age", low=2),)
    assert found.spectators == ("age",)
    assert load_config(tmp_path / "here.toml", Rows, Channels).evaluation == found


def test_a_configuration_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load(CELLS_TOML, tmp_path).training.epochs = 3


@pytest.mark.parametrize(
    ("line", "changed", "parts"),
    [
        ("epochs = 2", "epochs = 2\nepoch = 3", ("training.epoch = 3", "unknown key", "batch_size", "patience")),
        ("channels = 6", "width = 6", ("model.width = 6", "unknown key; known here: channels")),
        ("rows = 40", "cols = 40", ("data.options.cols = 40", "unknown key; known here: rows")),
        ("[export]", "[exporting]", ("exporting", "unknown key", "evaluation", "report")),
        ("train = 0.5,", "train = 0.5, extra = 1,", ("data.fractions.extra = 1", "known here: train, val, test")),
        ("epochs = 2", "epochs = 'two'", ("training.epochs = 'two'", "integer")),
        ("epochs = 2", "epochs = 2.5", ("training.epochs = 2.5", "integer")),
        ("epochs = 2", "epochs = [2]", ("training.epochs = [2]", "integer")),
        ("[model]\nchannels = 6", "[model]\nchannels = {}", ("model.channels = {}", "integer")),
        ("[export]\nrows = 8", "[export]\ntolerance = 'low'", ("export.tolerance = 'low'", "number")),
        ("[data]", "model = 3\n[data]", ("TOML",)),
        ("epochs = 2", "", ("training.epochs", "required")),
        ("[training]\nepochs = 2\nbatch_size = 16", "", ("training", "required")),
        ("train = 0.5, ", "", ("data.fractions.train", "required")),
        ("epochs = 2", "epochs = 0", ("training.epochs = 0", "greater than 0")),
        ("epochs = 2", "epochs = 2\nlearning_rate = -1.0", ("training.learning_rate = -1.0", "greater than 0")),
        ("epochs = 2", "epochs = 2\nlearning_rate = inf", ("training.learning_rate = inf", "finite")),
        ("epochs = 2", "epochs = 2\nlearning_rate = nan", ("training.learning_rate = nan",)),
        ("epochs = 2", "epochs = 2\nseed = 2147483648", ("training.seed = 2147483648", "less than")),
        ("epochs = 2", "epochs = 2\nschedule = 'up'", ("training.schedule = 'up'", "'constant'", "'one-cycle'")),
        ("bootstrap = 5", "bootstrap = 1", ("evaluation.bootstrap = 1", "greater than")),
        ("bootstrap = 5", "dependence.age = [1.0]", ("evaluation.dependence.age = [1.0]", "at least 2 items")),
        ("bootstrap = 5", "dependence.age = [1, 1]", ("evaluation.dependence.age = [1, 1]", "must rise")),
        ("bootstrap = 5", "dependence.age = 3", ("evaluation.dependence.age = 3", "tuple")),
        ("bootstrap = 5", "dependence.colour = [0, 1]", ("evaluation.dependence.colour", "no spectator", "it has age")),
        ("bootstrap = 5", 'groups = [{ name = "a", spectator = "age" }]', ("evaluation.groups.0", "low, high or both")),
        (
            "bootstrap = 5",
            'groups = [{ name = "a", spectator = "age", low = 2, high = 2 }]',
            ("evaluation.groups.0", "low = 2 must be less than high = 2"),
        ),
        (
            "bootstrap = 5",
            'groups = [{ name = "a", spectator = "hue", low = 2 }]',
            ("evaluation.groups.0.spectator = 'hue'", "no spectator", "it has age"),
        ),
        (
            "bootstrap = 5",
            'groups = [{ name = "a", spectator = "age", lo = 2 }]',
            ("evaluation.groups.0.lo = 2", "known here: name, spectator, low, high"),
        ),
        (
            "bootstrap = 5",
            'groups = [{ name = "a", spectator = "age", low = 2 }, { name = "a", spectator = "age", high = 2 }]',
            ("evaluation.groups", "a name of its own, got ['a', 'a']"),
        ),
        ("bootstrap = 5", "signal_efficiencies = [0.3, 1.0]", ("evaluation.signal_efficiencies.1 = 1.0", "less than")),
        ("rows = 8", "opset = 17", ("export.opset = 17", "greater than or equal to 18")),
        ("channels = 6", "channels = 0", ("model.channels = 0", "greater than 0")),
        ("test = 0.25", "test = 0.5", ("data.fractions", "train + val + test must be 1, not 1.25")),
        ("[data]", "[data]\nsource = 'usb'", ("data.source = 'usb'", "'simulation'", "'zenodo'", "'cern'")),
        ("[data]", "profile = 'x'\n[data]", ("profile", "not a key")),
        ("[data]", "[data]\nsplit = 'kfold'", ("data.split = 'kfold'", "'event'", "'random-file'", "'k-fold'")),
        ("[data]", "[data]\nsplit = 'k-fold'", ("data.folds = None", "needs both", "data.fold = None")),
        ("[data]", "[data]\nsplit = 'k-fold'\nfolds = 4\nfold = 4", ("data.fold = 4", "the last one is 3")),
        ("[data]", "[data]\nsplit = 'k-fold'\nfolds = 1\nfold = 0", ("data.folds = 1", "greater than or equal to 2")),
        ("[data]", "[data]\nfolds = 5", ("data.folds = 5", "goes with split = 'k-fold', here split = 'event'")),
    ],
)
def test_mistakes(line: str, changed: str, parts: tuple[str, ...], tmp_path: Path) -> None:
    assert CELLS_TOML.count(line) == 1 or line in ("rows = 8", "rows = 40")
    message = problem(CELLS_TOML.replace(line, changed), tmp_path)
    for part in parts:
        assert part in message


def test_a_k_fold_needs_its_number_of_folds_and_one_of_them(tmp_path: Path) -> None:
    data = load(CELLS_TOML.replace("[data]", "[data]\nsplit = 'k-fold'\nfolds = 4\nfold = 3"), tmp_path).data
    assert (data.split, data.folds, data.fold) == ("k-fold", 4, 3)
    assert type(data).model_validate(data.model_dump()).fold == 3


@pytest.mark.parametrize("section", ["data", "model", "training", "evaluation"])
def test_a_section_that_is_no_table(section: str, tmp_path: Path) -> None:
    start = CELLS_TOML.index(f"[{section}]")
    stop = CELLS_TOML.find("\n[", start + 1)
    if section == "data":
        stop = CELLS_TOML.index("[model]")
    text = f"{section} = 7\n{CELLS_TOML[:start]}{CELLS_TOML[stop:]}"
    assert f"{section} = 7: " in problem(text, tmp_path)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = CELLS_TOML.replace("epochs = 2", "epochs = -2").replace("channels = 6", "channels = 'six'")
    message = problem(text, tmp_path)
    assert "training.epochs = -2" in message
    assert "model.channels = 'six'" in message


@pytest.mark.parametrize("content", [b"[data\n", b"a = \n", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_not_toml(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "here.toml"
    path.write_bytes(content)
    with pytest.raises(UserError, match="is not valid TOML"):
        load_config(path, Rows, Channels)


def test_unknown_profile_names_the_known_ones(tmp_path: Path) -> None:
    load(CELLS_TOML, tmp_path)
    with pytest.raises(UserError, match=r"no profile 'smoked'.*smoked\.toml does not exist; profiles here: here$"):
        load_config(tmp_path / "smoked.toml", Rows, Channels)
    assert profiles(tmp_path) == ["here"]
