"""Logging in: one-time secrets, second factors, lock-out, rotation, revocation, clocks that run
wrong.
"""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from twinward.api.routes.sessions import MOST_OF_A_PROXY
from twinward.cli.main import main
from twinward.core.errors import InputError, RefusedError
from twinward.security.identity.accounts import make_totp, require_password
from twinward.security.identity.throttle import MOST_FAILURES, WINDOW
from twinward.security.identity.tries import LOCKED_FOR, MAX_FAILURES, MOST_ELSEWHERE
from twinward.service.access import accounts

GOOD = "four quiet herons at dawn"


def key_of(uri: str) -> bytes:
    return base64.b32decode(parse_qs(urlsplit(uri).query)["secret"][0])


def code_of(world: Any, uri: str, shift_s: int = 0) -> str:
    return make_totp(key_of(uri)).generate(int(world.clock.now().timestamp()) + shift_s).decode()


@pytest.fixture
def uri(world: Any, people: Any) -> str:
    """An account `ann` with its password set; the address of its second factor."""
    secret = accounts.add_account(
        world.platform, people["root"], "ann", "case_investigator", areas=("31",)
    )
    body = {"name": "ann", "secret": secret, "password": GOOD}
    answer = world.client.post("/v1/sessions/first", json=body)
    assert answer.status_code == 201
    return str(answer.json()["authenticator"])


def enter(world: Any, code: str | None, password: str = GOOD, name: str = "ann") -> Any:
    return world.client.post(
        "/v1/sessions", json={"name": name, "password": password, "code": code, "device": "desk"}
    )


def bearer(tokens: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens['access']}"}


def test_a_login_needs_password_and_code_and_gives_the_accounts_rights(
    world: Any, uri: str
) -> None:
    tokens = enter(world, code_of(world, uri)).json()
    assert world.client.get("/v1/incidents", headers=bearer(tokens)).status_code == 200
    assert world.client.get("/v1/cases", headers=bearer(tokens)).json()["code"] == "peacetime"
    (device,) = world.client.get("/v1/sessions", headers=bearer(tokens)).json()["items"]
    assert device["device"] == "desk"


def test_a_wrong_name_password_or_code_answer_alike(world: Any, uri: str) -> None:
    good = code_of(world, uri)
    answers = [
        enter(world, good, "not the password"),
        enter(world, "000000"),
        enter(world, None),
        enter(world, good, name="nobody"),
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    kinds = [(event.fact.kind, event.fact.about) for event in world.events("AccessNoted")][-4:]
    assert kinds == [("login_refused", "ann")] * 3 + [("login_refused", "an unknown name")]


def test_a_code_is_good_once(world: Any, uri: str) -> None:
    code = code_of(world, uri)
    assert enter(world, code).status_code == 201
    assert enter(world, code).status_code == 401


def test_an_address_that_tries_account_after_account_has_to_wait(world: Any, uri: str) -> None:
    tries = [
        enter(world, None, "wrong", name=f"guess{n}").status_code for n in range(MOST_FAILURES)
    ]
    refused = enter(world, code_of(world, uri))
    assert set(tries) == {401}
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tries")
    world.clock.advance(WINDOW)
    assert enter(world, code_of(world, uri)).status_code == 201


def test_an_address_that_is_stated_buys_few_more_tries(world: Any, uri: str) -> None:
    def guess(n: int, stated: str) -> int:
        body = {"name": f"guess{n}", "password": "wrong", "code": None, "device": "desk"}
        headers = {"x-forwarded-for": stated}
        answer = world.client.post("/v1/sessions", json=body, headers=headers)
        return int(answer.status_code)

    for n in range(MOST_FAILURES):
        assert guess(n, "10.0.0.1") == 401
    assert guess(0, "10.0.0.1") == 429
    assert guess(0, "10.0.0.2") == 401  # another caller of the same proxy does not wait
    tries = [guess(n, f"10.0.1.{n}") for n in range(MOST_OF_A_PROXY)]
    assert tries.count(401) == MOST_OF_A_PROXY - MOST_FAILURES - 1
    assert tries[-1] == 429


def test_after_too_many_failures_even_the_right_password_waits(world: Any, uri: str) -> None:
    for _ in range(MAX_FAILURES):
        enter(world, None, "wrong")
    assert enter(world, code_of(world, uri)).status_code == 401
    world.clock.advance(LOCKED_FOR)
    assert enter(world, code_of(world, uri)).status_code == 201


def at(world: Any, address: str, password: str, code: str | None, name: str = "ann") -> int:
    """A login by the proxy of this machine, for an address; its status."""
    body = {"name": name, "password": password, "code": code, "device": "desk"}
    answer = world.client.post("/v1/sessions", json=body, headers={"x-forwarded-for": address})
    return int(answer.status_code)


def test_a_stranger_who_guesses_shuts_out_nobody_else(world: Any, uri: str) -> None:
    for _ in range(3 * MAX_FAILURES):
        assert at(world, "203.0.113.9", "wrong", None) == 401
    assert at(world, "203.0.113.9", GOOD, code_of(world, uri)) == 401  # the stranger waits
    assert at(world, "10.0.0.1", GOOD, code_of(world, uri)) == 201


def test_strangers_at_many_addresses_lock_only_addresses_that_are_new(world: Any, uri: str) -> None:
    assert at(world, "10.0.0.1", GOOD, code_of(world, uri)) == 201
    for n in range(MOST_ELSEWHERE):
        assert at(world, f"203.0.113.{n}", "wrong", None) == 401
    world.clock.advance(timedelta(minutes=1))
    assert at(world, "203.0.114.1", GOOD, code_of(world, uri)) == 401  # guesses have an end
    assert at(world, "10.0.0.1", GOOD, code_of(world, uri)) == 201
    world.clock.advance(LOCKED_FOR)
    assert at(world, "203.0.114.1", GOOD, code_of(world, uri)) == 201


def test_whoever_has_entered_from_there_does_not_wait_for_others_at_that_address(
    world: Any, uri: str
) -> None:
    assert at(world, "10.0.0.1", GOOD, code_of(world, uri)) == 201
    guesses = [
        at(world, f"10.0.{n % 7}.1", "wrong", None, f"guess{n}") for n in range(MOST_OF_A_PROXY + 9)
    ]
    assert guesses[-1] == 429
    assert at(world, "10.0.0.2", GOOD, code_of(world, uri, 30)) == 429
    assert at(world, "10.0.0.1", GOOD, code_of(world, uri, 30)) == 201


def test_what_is_kept_of_tries_stays_small_and_names_no_address(world: Any, uri: str) -> None:
    tries, now = world.platform.accounts.tries, world.clock.now()
    for n in range(300):
        tries.fail("ann", f"203.0.113.{n}", now + timedelta(minutes=n))
        tries.enter("ann", f"10.0.0.{n}", now + timedelta(minutes=n))
    rows = world.platform.accounts.db.execute("SELECT * FROM tries").fetchall()
    assert len(rows) < 60
    assert "203.0" not in repr(rows) and "10.0.0" not in repr(rows)


def test_the_one_time_secret_is_good_once_and_for_a_day(world: Any, people: Any) -> None:
    platform = world.platform
    secret = accounts.add_account(platform, people["root"], "bo", "planner", second_factor=False)
    world.clock.advance(timedelta(hours=24))
    with pytest.raises(RefusedError):
        accounts.set_first_password(platform, "bo", secret, GOOD)
    secret = accounts.reset_account(platform, people["root"], "bo")
    assert accounts.set_first_password(platform, "bo", secret, GOOD) is None
    with pytest.raises(RefusedError):
        accounts.set_first_password(platform, "bo", secret, GOOD)
    with pytest.raises(RefusedError):
        accounts.login(platform, "bo", secret, None, "x")


def test_revocation_holds_from_the_next_request(world: Any, uri: str, people: Any) -> None:
    first = enter(world, code_of(world, uri)).json()
    second = enter(world, code_of(world, uri, 30)).json()
    path = f"/v1/sessions/{first['session']}"
    assert world.client.delete(path, headers=bearer(second)).status_code == 200
    assert world.client.get("/v1/incidents", headers=bearer(first)).status_code == 401
    assert world.client.get("/v1/incidents", headers=bearer(second)).status_code == 200
    accounts.lock_account(world.platform, people["root"], "ann", locked=True)
    assert world.client.get("/v1/incidents", headers=bearer(second)).status_code == 401


def test_anothers_session_cannot_be_shut(world: Any, uri: str) -> None:
    tokens = enter(world, code_of(world, uri)).json()
    answer = world.client.delete(f"/v1/sessions/{tokens['session']}", headers=world.headers("wu"))
    assert answer.status_code == 404


def test_a_refresh_rotates_and_a_spent_one_shuts_the_session(world: Any, uri: str) -> None:
    tokens = enter(world, code_of(world, uri)).json()
    fresh = world.client.post("/v1/sessions/refresh", json={"refresh": tokens["refresh"]}).json()
    assert world.client.get("/v1/incidents", headers=bearer(fresh)).status_code == 200
    assert (
        world.client.post("/v1/sessions/refresh", json={"refresh": tokens["refresh"]}).status_code
        == 401
    )
    assert world.client.get("/v1/incidents", headers=bearer(fresh)).status_code == 401


def test_tokens_end_soon_and_a_clock_set_back_helps_nobody(world: Any, uri: str) -> None:
    tokens = enter(world, code_of(world, uri)).json()
    world.clock.advance(timedelta(minutes=16))
    assert world.client.get("/v1/incidents", headers=bearer(tokens)).status_code == 401
    fresh = world.client.post("/v1/sessions/refresh", json={"refresh": tokens["refresh"]}).json()
    world.clock.advance(timedelta(minutes=-16))
    assert world.client.get("/v1/incidents", headers=bearer(fresh)).status_code == 401
    world.clock.advance(timedelta(hours=13))
    assert (
        world.client.post("/v1/sessions/refresh", json={"refresh": fresh["refresh"]}).status_code
        == 401
    )


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_with_a_changed_byte_is_refused(world: Any, uri: str, part: int) -> None:
    parts = enter(world, code_of(world, uri)).json()["access"].split(".")
    middle = len(parts[part]) // 2
    letter = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + letter + parts[part][middle + 1 :]
    answer = world.client.get(
        "/v1/incidents", headers={"authorization": "Bearer " + ".".join(parts)}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.", "é" * 9]
)
def test_what_is_no_token_is_refused(world: Any, token: str) -> None:
    answer = world.client.get(
        "/v1/incidents", headers={"authorization": f"Bearer {token}".encode()}
    )
    assert answer.status_code == 401


def test_a_signed_token_without_a_session_does_not_enter_a_managed_workspace(
    world: Any, people: Any
) -> None:
    token = world.platform.identities.sign(people["li"], world.clock.now(), timedelta(hours=1))
    assert (
        world.client.get("/v1/incidents", headers={"authorization": f"Bearer {token}"}).status_code
        == 401
    )


@pytest.mark.parametrize(
    "password", ["short", "a" * 30, "password-password", "ann likes rivers", "x" * 300]
)
def test_weak_passwords_are_refused_with_a_reason(password: str) -> None:
    with pytest.raises(InputError) as refused:
        require_password(password, "ann")
    assert refused.value.code == "weak_password" and password not in str(refused.value)


def test_no_secret_is_written_down(world: Any, uri: str) -> None:
    """Neither the log nor the accounts' database holds a password, a code's key or a token."""
    tokens = enter(world, code_of(world, uri)).json()
    secrets = [
        GOOD.encode(),
        key_of(uri),
        tokens["access"].encode(),
        tokens["refresh"].partition(".")[2].encode(),
    ]
    for path in Path(world.platform.workspace).rglob("*"):
        held = path.read_bytes() if path.is_file() else b""
        assert not any(secret in held for secret in secrets), path.name


def test_a_managed_workspace_begins_with_one_administrator_and_a_one_time_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, secret, password, token = (
        tmp_path / name for name in ("w", "secret", "password", "token")
    )
    where = ["--workspace", str(folder)]
    assert main(["init", str(folder), "--managed", "--json"]) == 0
    secret.write_text(json.loads(capsys.readouterr().out)["one_time_secret"])
    assert main(["incident", "list", *where]) == 2
    password.write_text(GOOD)
    files = ["--password-file", str(password), "--token-file", str(token), *where, "--json"]
    assert main(["login", "admin", "--secret-file", str(secret), *files]) == 0
    uri = json.loads(capsys.readouterr().out)["authenticator"]
    code = make_totp(key_of(uri)).generate(int(time.time())).decode()
    assert main(["login", "admin", *files]) == 2
    assert main(["login", "admin", "--code", code, *files]) == 0
    assert token.stat().st_mode & 0o777 == 0o600
    with_token = [*where, "--token-file", str(token)]
    capsys.readouterr()
    assert main(["account", "add", "li", "--role", "duty_officer", *with_token, "--json"]) == 0
    assert (
        main(["person", "cases", *with_token]) == 2
    )  # the administrator of a managed workspace sees no persons
    assert main(["account", "add", "li", "--role", "duty_officer", *with_token]) == 2
    assert main(["account", "add", "x!", "--role", "duty_officer", *with_token]) == 2
    assert main(["account", "add", "bo", "--role", "chief", *with_token]) == 2
    assert main(["account", "lock", "li", *with_token]) == 0
    assert main(["logout", *with_token]) == 0
    assert main(["account", "list", *with_token]) == 2


def at_once(work: Any, times: int) -> list[Any]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(lambda _: work(), range(times)))


def test_of_many_logins_at_once_with_one_code_one_enters(world: Any, uri: str) -> None:
    code = code_of(world, uri)
    entered = [told.status_code for told in at_once(lambda: enter(world, code), 8)]
    assert entered.count(201) == 1, entered


def test_wrong_passwords_at_once_count_each(world: Any, uri: str) -> None:
    at_once(lambda: enter(world, None, password="wrong by far"), MAX_FAILURES)
    assert enter(world, code_of(world, uri)).status_code == 401  # locked, though all is right


def test_a_secret_exchanged_many_times_at_once_is_good_once(world: Any, people: Any) -> None:
    secret = accounts.add_account(
        world.platform, people["root"], "ben", "case_investigator", areas=("31",)
    )
    body = {"name": "ben", "secret": secret, "password": GOOD}
    told = at_once(lambda: world.client.post("/v1/sessions/first", json=body).status_code, 6)
    assert told.count(201) == 1, told


def test_a_new_account_locked_and_opened_again_is_new_again(world: Any, people: Any) -> None:
    secret = accounts.add_account(
        world.platform, people["root"], "cleo", "case_investigator", areas=("31",)
    )
    world.platform.accounts.lock("cleo", locked=True)
    world.platform.accounts.lock("cleo", locked=False)
    assert enter(world, None, password=secret, name="cleo").status_code == 401  # no password yet
    body = {"name": "cleo", "secret": secret, "password": GOOD}
    assert world.client.post("/v1/sessions/first", json=body).status_code == 201


def test_a_password_is_changed_by_the_present_one_and_other_devices_end(
    world: Any, uri: str
) -> None:
    other = enter(world, code_of(world, uri)).json()
    world.clock.advance(timedelta(minutes=2))
    mine = enter(world, code_of(world, uri)).json()

    def change(old: str, new: str) -> Any:
        body = {"password": old, "new": new}
        return world.client.post("/v1/sessions/password", json=body, headers=bearer(mine))

    assert change("not the present one", "river lantern orchard sky").status_code == 401
    assert change(GOOD, "short").json()["code"] == "weak_password"
    assert change(GOOD, "river lantern orchard sky").status_code == 201
    assert world.client.get("/v1/incidents", headers=bearer(mine)).status_code == 200
    assert world.client.get("/v1/incidents", headers=bearer(other)).status_code == 401
    world.clock.advance(timedelta(minutes=2))
    assert enter(world, code_of(world, uri)).status_code == 401
    again = enter(world, code_of(world, uri), "river lantern orchard sky")
    assert again.status_code == 201
