"""Weights in the published layout: read strictly, written back the same, and the same function."""

from pathlib import Path

import pytest
import torch
from fairmodel import Run, UserError
from fairmodel.evaluation.network import load_network
from fairmodel.paths import Paths
from safetensors.torch import save_file

from hbb_in.export import export_published, load_published, published_state_dict
from hbb_in.model import InteractionNetwork
from hbb_in.project import PROJECT

from .model.samples import fit_normalisation, random_jets, random_network
from .model.textbook import textbook_logits

ROOT = Path(__file__).resolve().parents[1]

State = dict[str, torch.Tensor]


@pytest.fixture
def state() -> State:
    return published_state_dict(random_network(dtype=torch.float32, hidden=16, effect=8, output=6))


def test_round_trip_keeps_every_bit(state: State, tmp_path: Path) -> None:
    torch.save(state, tmp_path / "published.pth")
    network = load_published(tmp_path / "published.pth")
    again = published_state_dict(network)
    assert list(again) == list(state)
    assert all(torch.equal(again[name], state[name]) for name in state)
    jets = random_jets([3, 40], [1, 0], dtype=torch.float32)
    assert torch.equal(network(*jets), random_network(dtype=torch.float32, hidden=16, effect=8, output=6)(*jets))


def test_loaded_weights_are_copies(state: State) -> None:
    network = load_published(state)
    with torch.no_grad():
        network.classify.bias.zero_()
    assert state["fc_fixed.bias"].abs().max() > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fr2.bias": None}, r"fr2\.bias is missing"),
        ({"fo9.weight": torch.zeros(2)}, r"fo9\.weight is not a layer"),
        ({"fr3.bias": [0.0]}, r"fr3\.bias is not a tensor"),
        ({"fr2.weight": torch.zeros(16, 15)}, r"fr2\.weight has shape \(16, 15\).*\(16, 16\)"),
        ({"fo1.weight": torch.zeros(16, 45)}, r"fo1\.weight has shape \(16, 45\).*\(16, 46\)"),
        ({"fc_fixed.bias": torch.zeros(3)}, r"fc_fixed\.bias has shape \(3,\).*\(2,\)"),
        ({"fr1.weight": torch.zeros(16, 61)}, r"fr1\.weight \(16, 61\) and fr1_pv\.weight \(16, 44\) do not fit"),
        ({"fr1_pv.weight": torch.zeros(16, 30)}, "do not fit together"),
        ({"fr1.weight": torch.zeros(16)}, r"fr1\.weight has shape \(16,\), expected a matrix"),
        ({"fr1_vv.weight": torch.zeros(16, 28)}, "vv_branch.*not supported"),
    ],
)
def test_wrong_state_dicts_are_refused_by_key(
    state: State, change: dict[str, torch.Tensor | None], message: str
) -> None:
    wrong = {name: value for name, value in (state | change).items() if value is not None}
    with pytest.raises(UserError, match=message):
        load_published(wrong)


def test_wrong_files_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.pth is not a file"):
        load_published(tmp_path / "absent.pth")
    (tmp_path / "damaged.pth").write_bytes(b"PK\x03\x04 nothing else")
    with pytest.raises(UserError, match=r"damaged\.pth cannot be read"):
        load_published(tmp_path / "damaged.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(UserError, match="holds a list"):
        load_published(tmp_path / "list.pth")


def test_a_normalising_network_has_no_published_form() -> None:
    network = random_network()
    fit_normalisation(network, *random_jets([3], [1]))
    with pytest.raises(UserError, match="tracks, vertices"):
        published_state_dict(network)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A profile with the weights of an untrained network, which normalises nothing."""
    (tmp_path / "config").mkdir()
    run = Run(PROJECT, Run.of(PROJECT, ROOT, "smoke").config, Paths.of_project(tmp_path, "smoke"))
    save_weights(run, random_network(dtype=torch.float32))
    return run


def save_weights(run: Run, network: InteractionNetwork) -> None:
    run.paths.model.mkdir(parents=True, exist_ok=True)
    save_file(network.state_dict(), run.paths.weights)


def test_the_command_writes_weights_that_give_the_same_logits(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    export_published(run, out=None)
    path = run.paths.model / "published.pth"
    assert capsys.readouterr().out == f"{path}\n"
    jets = random_jets([0, 1, 25, 60], [0, 5, 2, 1], dtype=torch.float32)
    assert torch.equal(load_published(path)(*jets), load_network(run)(*jets))


def test_a_normalising_network_is_refused_and_writes_no_file(run: Run) -> None:
    network = random_network(dtype=torch.float32)
    fit_normalisation(network, *random_jets([3, 7], [1, 2], dtype=torch.float32))
    save_weights(run, network)
    with pytest.raises(UserError, match="normalise = false"):
        export_published(run, out=run.paths.root / "out.pth")
    assert not (run.paths.root / "out.pth").exists()


def test_published_weights_give_the_logits_of_the_published_equations(state: State) -> None:
    jets = random_jets([3, 40, 60], [1, 0, 5], dtype=torch.float32)
    torch.testing.assert_close(load_published(state)(*jets), textbook_logits(state, *jets), rtol=1e-4, atol=1e-4)
