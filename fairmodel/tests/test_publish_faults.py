"""Publication broken off anywhere, and servers of ill luck: in the end there is one record with the right files."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairmodel.errors import UserError
from fairmodel.fair.publish.deposit import Deposit
from fairmodel.fair.publish.records import Records, connect
from fairmodel.fair.publish.server import ClientError, Server

from . import invenio
from .deposits import Target, assert_one_record
from .invenio import ACTIONS, WRITE, Fault, Invenio
from .invenio_server import TOKEN, serve_invenio


class Killed(BaseException):
    """As sudden as SIGKILL: no handler of the program sees it."""


@pytest.fixture
def local(site: Invenio, tmp_path: Path) -> Target:
    """The server of this process."""
    return Target(site.base, TOKEN, tmp_path, "A model")


KILLS = list(itertools.product(("before", "after"), (False, True), ("1.0", "2.0")))


@pytest.mark.slow
@pytest.mark.parametrize(("moment", "lost", "version"), KILLS)
def test_killed_at_every_request(
    moment: str, lost: bool, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the end there is one record with the right files, even if the state on disk is lost as well."""
    for number in itertools.count(1):
        with serve_invenio() as site, monkeypatch.context() as patch:
            local = Target(site.base, TOKEN, tmp_path / str(number), "A model")
            local.folder.mkdir()
            running = local.deposit(version)
            if version == "2.0":
                running.previous = local.deposit("1.0").run(publish=True).record
            if not killed_at(number, moment, running, patch):
                break
            if lost:
                (local.folder / "state.json").unlink(missing_ok=True)
            again = local.deposit(version)
            again.previous = running.previous
            assert_one_record(again.run(publish=True), local, site, version)
    assert number > 15


def killed_at(number: int, moment: str, running: Deposit, patch: pytest.MonkeyPatch) -> bool:
    """Run with a death before or after a request is carried out; False if it came to its end before that."""
    send, made = Server._send, itertools.count(1)

    def mortal(self: Server, *arguments: Any) -> Any:
        now = next(made)
        if (now, moment) == (number, "before"):
            raise Killed
        answer = send(self, *arguments)
        if now == number:
            raise Killed
        return answer

    patch.setattr(Server, "_send", mortal)
    try:
        running.run(publish=True)
    except Killed:
        return True
    finally:
        patch.setattr(Server, "_send", send)
    return False


def test_a_draft_that_the_list_does_not_show_yet_is_found(local: Target, site: Invenio) -> None:
    with pytest.MonkeyPatch.context() as patch:
        assert killed_at(2, "after", local.deposit(), patch)
    assert len(site.records) == 1
    site.hidden = 2
    local.deposit().run(publish=False)
    assert len(site.records) == 1


def test_a_draft_that_was_deleted_is_made_again(
    local: Target, site: Invenio, capsys: pytest.CaptureFixture[str]
) -> None:
    first = local.deposit().run(publish=False)
    connect(local.base, TOKEN).server.call("DELETE", f"/api/records/{first.record}/draft")
    second = local.deposit().run(publish=True)
    assert list(site.records) == [second.record]
    assert f"the draft {first.record} is gone" in capsys.readouterr().err


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", "/api/records", 429, headers={"Retry-After": "0"}),
        Fault("POST", "/api/records", 429, headers={"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}),
        Fault("POST", "/api/records", 504, after=True),
        Fault("POST", "/api/records", 500),
        Fault("POST", ".*/pids/doi", 502, after=True),
        Fault("GET", ".*/draft/files", 503, times=2),
        Fault("PUT", ".*/content", 500, times=2),
        Fault("POST", ".*/draft/files", 504, after=True),
        Fault("POST", ".*/commit", 404, times=2),
        Fault("POST", ".*/commit", 504, after=True),
        Fault("POST", ".*/actions/publish", 504, after=True),
        Fault("POST", ".*/actions/publish", 504),
    ],
    ids=lambda fault: f"{fault.path.rpartition('/')[2]} {fault.status}{' done' if fault.after else ''}",
)
def test_ill_luck_passes(fault: Fault, local: Target, site: Invenio) -> None:
    site.faults = [replace(fault)]
    state = local.deposit().run(publish=True)
    assert site.faults == []
    assert_one_record(state, local, site, "1.0")


def test_a_server_that_stays_ill_is_given_up(local: Target, site: Invenio) -> None:
    site.faults = [Fault("POST", ".*/actions/publish", 504, times=99)]
    with pytest.raises(UserError, match=r"504 .* run the same command again later"):
        local.deposit().run(publish=True)
    site.faults = []
    assert_one_record(local.deposit().run(publish=True), local, site, "1.0")


def test_a_busy_server_is_given_the_time_it_asks_for(local: Target, site: Invenio) -> None:
    waits: list[float] = []
    site.faults = [Fault("POST", "/api/records", 429, headers={"Retry-After": "7"})]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", waits.append)
        local.deposit().run(publish=False)
    assert waits == [7.0]


def test_what_arrives_damaged_is_refused(local: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Invenio, "put_content", damaged(Invenio.put_content))
    monkeypatch.setattr(
        invenio, "ROUTES", [(route, action) for route, action in invenio.ROUTES if "content" not in route]
    )
    invenio.ROUTES.append((r"PUT records/(\d+)/draft/files/([^/]+)/content", Invenio.put_content))
    with pytest.raises(UserError, match=r"arrived with the checksum md5:\w+, md5:\w+ is right"):
        local.deposit().run(publish=True)


def test_a_draft_with_a_file_too_many_is_not_published(
    local: Target, site: Invenio, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.deposit(files={"stale.json": b"{}"}).run(publish=False)
    monkeypatch.setattr(Records, "delete_file", lambda *_: None)
    with pytest.raises(
        UserError, match=r"stale\.json: the draft 102 and .* are not the same; run the same command again"
    ):
        local.deposit(files={}).run(publish=True)
    assert not site.records["102"]["is_published"]


def damaged(put: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, number, name, body: put(self, number, name, body[:-1] + b"?")


@pytest.mark.parametrize(
    ("scopes", "message"),
    [
        (None, r"401 .*the server does not know the token in ZENODO_TOKEN"),
        ({ACTIONS}, r"403 .*lacks the scope deposit:write"),
        ({WRITE}, r"403 .*lacks the scope deposit:actions"),
    ],
)
def test_a_token_that_will_not_do(scopes: set[str] | None, message: str, local: Target, site: Invenio) -> None:
    """The server repeats the token in its answer; no message does."""
    site.tokens = {} if scopes is None else {TOKEN: frozenset(scopes)}
    with pytest.raises(ClientError, match=message) as caught:
        local.deposit().run(publish=True)
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(local.deposit())


def test_a_redirect_is_not_followed(local: Target, site: Invenio) -> None:
    with serve_invenio() as elsewhere:
        headers = {"Location": f"{elsewhere.base}/api/user/records"}
        site.faults = [Fault("GET", "/api/user/records", 302, headers=headers)]
        with pytest.raises(ClientError, match=f"sends on to {elsewhere.base}.*not followed: correct --base-url"):
            local.deposit().run(publish=True)
        assert elsewhere.log == []


@pytest.mark.parametrize("address", ["http://zenodo.org", "zenodo.org", "ftp://zenodo.org", "https://me:pw@zenodo.org"])
def test_an_address_that_no_token_is_sent_to(address: str) -> None:
    with pytest.raises(UserError, match="address"):
        connect(address, TOKEN)
