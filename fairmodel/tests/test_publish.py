"""Publication by the Records API: a draft, the record, its versions, and what is refused.

With FAIR_TEST_BASE_URL (never zenodo.org itself) and FAIR_TEST_TOKEN in the environment, the tests that need no ill
luck run against that server instead of the one in this process.
"""

import json
import os
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from fairmodel.errors import UserError
from fairmodel.fair.publish.records import connect, record_content, record_key
from fairmodel.fair.publish.server import ClientError
from fairmodel.metadata.source import Identity, Metadata, ModelDescription, Person, Reference

from .deposits import FILES, Target
from .invenio import Invenio
from .invenio_server import TOKEN


@pytest.fixture
def local(site: Invenio, tmp_path: Path) -> Target:
    """A folder to publish from to the server of this process."""
    return Target(site.base, TOKEN, tmp_path, "A model")


@pytest.fixture
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """The server of the environment if there is one, otherwise that of this process."""
    base, token = (os.environ.get(f"FAIR_TEST_{name}", "") for name in ("BASE_URL", "TOKEN"))
    if not base:
        made: Target = request.getfixturevalue("local")
        return made
    assert base != "https://zenodo.org", "records there are for ever"
    return Target(base, token, tmp_path, f"Test {uuid.uuid4()}")


def files_of(target: Target, record: str, *, draft: bool = False) -> set[str]:
    return set(connect(target.base, target.token).files(record, draft=draft))


def test_a_draft_then_the_record(target: Target) -> None:
    records = connect(target.base, target.token)
    draft = target.deposit().run(publish=False)
    assert files_of(target, draft.record, draft=True) == {*FILES, "CITATION.cff"}
    there = records.draft(draft.record)
    assert there is not None
    assert there["pids"]["doi"]["identifier"] == draft.doi
    assert records.published(draft.record) is None
    assert draft.doi in (target.archive / "CITATION.cff").read_text(encoding="utf-8")
    done = target.deposit().run(publish=True)
    assert (done.record, done.doi, done.published) == (draft.record, draft.doi, True)
    record = records.published(done.record)
    assert record is not None
    assert record["pids"]["doi"]["identifier"] == done.doi
    assert record["metadata"]["resource_type"]["id"] == "model"
    assert record["metadata"]["publication_date"] == done.date
    assert target.deposit().run(publish=True) == done


def test_a_draft_loses_what_does_not_belong_to_it(target: Target) -> None:
    first = target.deposit(files={"stale.json": b"{}", "weights.safetensors": b"old"}).run(publish=False)
    second = target.deposit().run(publish=False)
    assert second.record == first.record
    assert files_of(target, first.record, draft=True) == {*FILES, "CITATION.cff"}
    if os.environ.get("FAIR_TEST_BASE_URL"):
        connect(target.base, target.token).server.call("DELETE", f"/api/records/{first.record}/draft")


def test_only_what_differs_is_uploaded_again(local: Target, site: Invenio) -> None:
    first = local.deposit().run(publish=False)
    site.log.clear()
    local.deposit(files=FILES | {"weights.safetensors": b"new"}).run(publish=False)
    puts = [path for method, path in site.log if method == "PUT" and "/files/" in path]
    assert puts == [f"/api/records/{first.record}/draft/files/weights.safetensors/content"]


def test_a_new_version_is_another_record_of_the_same_concept(target: Target) -> None:
    first = target.deposit().run(publish=True)
    following = target.deposit("2.0", {"weights.safetensors": b"better"})
    following.previous = first.record
    second = following.run(publish=True)
    assert second.record != first.record
    assert second.concept_doi == first.concept_doi
    assert files_of(target, second.record) == {"weights.safetensors", "CITATION.cff"}
    assert files_of(target, first.record) == {*FILES, "CITATION.cff"}


def test_a_published_version_is_not_changed(target: Target) -> None:
    target.deposit().run(publish=True)
    with pytest.raises(UserError, match=r"weights\.safetensors: the published record .* raise the version"):
        target.deposit(files=FILES | {"weights.safetensors": b"new"}).run(publish=True)


def test_metadata_that_the_server_refuses_are_named(target: Target) -> None:
    bad = target.deposit(identity=Identity(title=target.title, version="1", description="d", license="no-licence"))
    with pytest.raises(UserError, match=r"refuses the metadata: metadata\.rights.*: .*; correct fair\.toml"):
        bad.run(publish=False)


def test_what_is_missing_is_named_field_by_field(local: Target) -> None:
    draft = local.deposit().run(publish=False)
    records = connect(local.base, TOKEN)
    with pytest.raises(UserError, match=r"metadata\.title: Missing data"):
        records.update(draft.record, {"metadata": {}})
    for name in records.files(draft.record, draft=True):
        records.delete_file(draft.record, name)
    with pytest.raises(
        ClientError, match=r"400 A validation error occurred\. .*files\.enabled: Missing uploaded files"
    ):
        records.publish(draft.record)


def test_the_state_holds_no_secret_and_another_one_is_refused(local: Target) -> None:
    running = local.deposit()
    running.run(publish=False)
    assert TOKEN not in running.path.read_text(encoding="utf-8")
    running.path.write_text('{"schema": 7}', encoding="utf-8")
    with pytest.raises(UserError, match=r"state\.json is not the record of a publication .* delete it"):
        local.deposit()


def test_the_record_says_what_fair_toml_says() -> None:
    """Creators as persons or organisations, links, escaped text; the key is that of a model, a profile, a version."""
    identity = Identity(
        title="T", version="1", description="a < b", license="MIT", keywords=("k",), repository="https://r"
    )
    people = (
        Person(given_names="Ada", family_names="L", orcid="0000-0002-1825-0097", affiliation="X"),
        Person(name="G"),
    )
    metadata = Metadata(
        identity, people, ModelDescription(limitations="few"), references=(Reference("article", "R", doi="10.1/x"),)
    )
    content = record_content(metadata, key="urn:uuid:1", publisher="Zenodo", date="2030-01-31")
    assert content["metadata"] == {
        "resource_type": {"id": "model"},
        "title": "T",
        "publication_date": "2030-01-31",
        "creators": [
            {
                "person_or_org": {
                    "type": "personal",
                    "family_name": "L",
                    "given_name": "Ada",
                    "identifiers": [{"scheme": "orcid", "identifier": "0000-0002-1825-0097"}],
                },
                "affiliations": [{"name": "X"}],
            },
            {"person_or_org": {"type": "organizational", "name": "G"}},
        ],
        "description": "<p>a &lt; b</p><p><b>Limitations:</b> few</p>",
        "version": "1",
        "publisher": "Zenodo",
        "rights": [{"id": "mit"}],
        "subjects": [{"subject": "k"}],
        "identifiers": [{"identifier": "urn:uuid:1", "scheme": "urn"}],
        "related_identifiers": [
            {"identifier": "10.1/x", "scheme": "doi", "relation_type": {"id": "references"}},
            {"identifier": "https://r", "scheme": "url", "relation_type": {"id": "issupplementto"}},
        ],
    }
    assert json.loads(json.dumps(content)) == content
    keys = {record_key(metadata, "quick"), record_key(metadata, "full")}
    keys |= {record_key(replace(metadata, identity=replace(identity, version="2")), "quick")}
    assert len(keys) == 3
    assert record_key(replace(metadata, people=()), "quick") in keys
