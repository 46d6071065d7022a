"""Pushing to the Hugging Face Hub: one commit with what differs, large files to their store without the token."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fairmodel.errors import UserError
from fairmodel.fair.publish import server
from fairmodel.fair.publish.huggingface import Hub
from fairmodel.fair.publish.server import ClientError

from .hub import TOKEN, HubSite, serve_hub

NAME = "group/model"
FILES = {"README.md": b"# a card", "model.onnx": b"graph", "weights.safetensors": b"numbers"}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubSite]:
    monkeypatch.setattr(server, "PAUSES", (0.0,))
    with serve_hub() as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def push(site: HubSite, folder: Path, *, public: bool = False, token: str = TOKEN) -> list[str]:
    return Hub(NAME, token, site.base).push(folder, "a version", public=public)


def test_the_repository_holds_the_files_of_the_folder(site: HubSite, folder: Path) -> None:
    assert push(site, folder) == sorted(FILES)
    assert site.repositories[NAME] == FILES | {".gitattributes": b"*"}
    assert site.private[NAME]
    assert site.commits == ["a version"]


def test_the_model_card_is_where_the_hub_looks_for_it(site: HubSite, folder: Path) -> None:
    (folder / "README.md").rename(folder / "model-card.md")
    push(site, folder)
    assert site.repositories[NAME]["README.md"] == site.repositories[NAME]["model-card.md"] == b"# a card"


def test_only_what_differs_is_sent(site: HubSite, folder: Path) -> None:
    push(site, folder)
    assert push(site, folder) == []
    (folder / "model.onnx").write_bytes(b"better")
    (folder / "README.md").unlink()
    assert push(site, folder, public=True) == ["model.onnx", "README.md"]
    assert site.repositories[NAME].keys() == {"model.onnx", "weights.safetensors", ".gitattributes"}
    assert not site.private[NAME]
    assert len(site.commits) == 2


def test_the_store_never_sees_the_token(site: HubSite, folder: Path) -> None:
    push(site, folder)
    stored = [authorised for path, authorised in site.authorised if "signature" in path]
    assert stored == [False, False]
    assert all(authorised for path, authorised in site.authorised if "signature" not in path)


def test_what_arrives_damaged_is_noticed(site: HubSite, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = HubSite._commit
    monkeypatch.setattr(HubSite, "_commit", lambda self, name, body: commit(self, name, body.replace(b"IyBh", b"IyBi")))
    with pytest.raises(UserError, match=r"README\.md did not arrive in group/model"):
        push(site, folder)


def test_a_token_that_will_not_do(site: HubSite, folder: Path) -> None:
    with pytest.raises(ClientError, match=r"401 .*Invalid username.* the token in HF_TOKEN") as caught:
        push(site, folder, token="wrong-token")
    assert "wrong-token" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "model", "/model", "a/b/c"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(UserError, match="not of the form owner/name"):
        Hub(name, TOKEN)
