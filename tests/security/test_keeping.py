"""What keepers do over HTTP: activations, accounts by two persons, publishing, the audit,
retention; each on record, each by its role alone.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from argon2 import PasswordHasher

from twinward.app.maintenance import verify_log_file

BASIS = "Law on infectious diseases, article 42"
OPEN = {"hazard": "epidemic", "areas": ["31"], "purposes": ["trace"], "days": 3, "basis": BASIS}
WISH = {"act": "add", "name": "newcomer", "role": "duty_officer", "reason": "joins the night shift"}
BODIES: dict[str, Any] = {
    "/v1/activations": OPEN,
    "/v1/activations/act-1/renew": {"days": 3, "basis": BASIS},
    "/v1/activations/act-1/close": {"because": "it is over"},
    "/v1/accounts": WISH,
    "/v1/account-changes/chg-1/answer": {"act": "confirm"},
    "/v1/publications": {"table": "cases", "level": "district"},
    "/v1/audit/verify": {},
    "/v1/audit/check": {},
    "/v1/retention/run": {},
}
MAY = {
    "/v1/activations": {"li"},
    "/v1/activations/act-1/renew": {"li"},
    "/v1/activations/act-1/close": {"li"},
    "/v1/accounts": {"root"},
    "/v1/account-changes/chg-1/answer": {"root"},
    "/v1/publications": {"li", "ma", "xu", "root"},
    "/v1/audit/verify": {"wu", "root"},
    "/v1/audit/check": {"wu", "root"},
    "/v1/retention/run": {"xu", "root"},
}


def notes(world: Any, kind: str) -> list[Any]:
    return [one for one in world.events("AccessNoted") if one.fact.kind == kind]


@pytest.fixture
def two(world: Any) -> Any:
    """The same world with a second administrator who has logged in: `boss`."""
    world.headers("root")
    now = world.clock.now()
    secret = world.platform.accounts.add(
        "boss", "administrator", now, department=None, areas=("all",), factor=False
    )
    world.platform.accounts.exchange("boss", secret, "four words of a sentence", now)
    world.platform.accounts.db.execute(
        "UPDATE accounts SET state='open', secret_until=0 WHERE name='root'"
    )
    tokens = world.platform.sessions.open(world.platform.accounts.get("boss"), "test", now)
    world.boss = {"authorization": f"Bearer {tokens.access}"}
    return world


@pytest.mark.parametrize("path", sorted(BODIES))
def test_only_its_role_may_keep_each(world: Any, people: dict[str, Any], path: str) -> None:
    assert world.client.post(path, json=BODIES[path]).status_code == 401
    for who in people:
        refused = world.post(who, path, BODIES[path])
        if who in MAY[path]:
            assert refused.status_code in (200, 201, 404), (who, refused.text)
        else:
            assert (refused.status_code, refused.json()["code"]) == (403, "role_not_allowed"), who


def test_an_activation_is_opened_renewed_and_closed_by_who_has_logged_in(world: Any) -> None:
    first = world.post("li", "/v1/activations", OPEN).json()
    assert (first["in_force"], first["by"], first["areas"]) == (True, "li", ["31"])
    assert world.post("li", "/v1/activations", {**OPEN, "by": "the mayor"}).status_code == 400
    world.clock.advance(timedelta(days=2))
    way = f"/v1/activations/{first['id']}"
    again = world.post("li", f"{way}/renew", {"days": 5, "basis": BASIS}).json()
    assert again["id"] != first["id"] and again["ends_at"] > first["ends_at"]
    assert (again["purposes"], again["data_from"]) == (first["purposes"], first["data_from"])
    closed = world.post("li", f"{way}/close", {"because": "it is over"}).json()
    assert (closed["status"], closed["in_force"]) == ("closed", False)
    refused = world.post("li", f"{way}/close", {"because": "it is over"})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_closed")
    assert [one.fact.because for one in world.events("ActivationClosed")] == ["it is over"]
    missing = world.post("li", "/v1/activations/act-none/renew", {"days": 5, "basis": BASIS})
    assert missing.status_code == 404


def test_one_administrator_alone_makes_accounts_because_there_is_no_second(world: Any) -> None:
    made = world.post("root", "/v1/accounts", WISH).json()
    assert (made["state"], made["change"]) == ("done", None) and made["one_time_secret"]
    shown = world.get("root", "/v1/accounts").json()["items"]
    assert {one["name"]: one["state"] for one in shown}["newcomer"] == "new"
    assert not any("secret" in name or "password" in name for name in shown[0])
    assert [one.fact.about for one in notes(world, "account_added")] == ["newcomer"]


def test_with_two_administrators_accounts_roles_and_resets_take_both(two: Any) -> None:
    def answer(headers: Any, change: str, act: str, because: str = "") -> Any:
        body = {"act": act, "because": because}
        return two.client.post(f"/v1/account-changes/{change}/answer", headers=headers, json=body)

    two.headers("ma")
    for wish in (
        WISH,
        {"act": "role", "name": "ma", "role": "duty_officer", "reason": "takes over"},
        {"act": "reset", "name": "ma", "reason": "lost the phone"},
    ):
        made = two.post("root", "/v1/accounts", wish).json()
        assert (made["state"], made["one_time_secret"]) == ("proposed", None), made
        own = answer(two.headers("root"), made["change"], "confirm")
        assert (own.status_code, own.json()["code"]) == (403, "second_person_needed")
        done = answer(two.boss, made["change"], "confirm").json()
        assert done["state"] == "done"
        assert bool(done["one_time_secret"]) == (wish["act"] != "role")
        again = answer(two.boss, made["change"], "confirm")
        assert (again.status_code, again.json()["code"]) in ((409, "in_force"), (409, "exists"))
    accounts = {one.name: one for one in two.platform.accounts.list_accounts()}
    assert (accounts["ma"].role, accounts["ma"].state) == ("duty_officer", "new")
    assert accounts["newcomer"].role == "duty_officer"
    listed = two.get("root", "/v1/account-changes").json()
    assert listed["total"] == 3 and {one["state"] for one in listed["items"]} == {"in_force"}
    assert {one["confirmed_by"] for one in listed["items"]} == {"boss"}


def test_a_refused_or_lapsed_account_is_not_made(two: Any) -> None:
    first = two.post("root", "/v1/accounts", WISH).json()["change"]
    way = "/v1/account-changes/{}/answer"
    body = {"act": "refuse", "because": "nobody knows them"}
    refused = two.client.post(way.format(first), headers=two.boss, json=body)
    assert refused.json()["state"] == "refused"
    late = two.post("root", "/v1/accounts", WISH).json()["change"]
    two.clock.advance(timedelta(hours=25))
    tokens = two.platform.sessions.open(two.platform.accounts.get("boss"), "t", two.clock.now())
    headers = {"authorization": f"Bearer {tokens.access}"}
    for change, code in ((first, "refused"), (late, "lapsed")):
        answer = two.client.post(way.format(change), headers=headers, json={"act": "confirm"})
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert "newcomer" not in {one.name for one in two.platform.accounts.list_accounts()}


def test_no_other_way_leads_around_the_second_person(two: Any, people: dict[str, Any]) -> None:
    made = two.post("root", "/v1/accounts", WISH).json()["change"]
    for who in ("li", "wang"):
        told = two.get(who, "/v1/changes").json()
        assert (told["items"], told["total"]) == ([], 0)
        assert two.get(who, f"/v1/changes/{made}").status_code == 404
    confirmed = two.post("li", f"/v1/changes/{made}/answer", {"act": "confirm"})
    assert confirmed.status_code == 404
    command = {"type": "ConfirmChange", "id": "c1", "change": made}
    account = two.post("root", "/v1/commands", {"items": [command]}).json()
    assert account["stored"] == 0
    from twinward.core.errors import RefusedError
    from twinward.service.access.accounts import add_account, reset_account

    with pytest.raises(RefusedError):
        add_account(two.platform, people["root"], "sneaky", "duty_officer")
    with pytest.raises(RefusedError):
        reset_account(two.platform, people["root"], "boss")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"role": "chief"}, "unknown_role"),
        ({"role": None}, "unknown_role"),
        ({"areas": ["nowhere"]}, "unknown_area"),
        ({"name": "Not A Name"}, "bad_name"),
        ({"name": "boss"}, "exists"),
        ({"act": "reset", "name": "nobody-here"}, "not_found"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_before_anybody_confirms(
    two: Any, wish: dict[str, Any], code: str
) -> None:
    refused = two.post("root", "/v1/accounts", {**WISH, **wish})
    assert refused.status_code in (400, 404, 409), refused.text
    assert refused.json()["code"] == code or code == "unknown_role"
    assert two.get("root", "/v1/account-changes").json()["total"] == 0


def test_the_audit_is_verified_checked_and_exported_over_http(world: Any, tmp_path: Path) -> None:
    world.report_cases(per_leaf=1)
    state = world.post("wu", "/v1/audit/verify", {}).json()
    assert state["ok"] and state["first_bad"] is None and len(state["head"]) == 64
    assert world.post("wu", "/v1/audit/check", {}).json()["anomalies"] == []
    for form in ("fhir", "log"):
        answer = world.get("wu", "/v1/audit/export", form=form)
        path = tmp_path / f"{form}.ndjson"
        path.write_bytes(answer.content)
        found = verify_log_file(path)
        assert found.ok and found.entries > state["entries"]
        assert b"Canary" not in answer.content
    assert not list(world.platform.workspace.glob("audit-*"))
    assert len(notes(world, "audit_exported")) == 2 and len(notes(world, "audit_verified")) == 1


def test_tables_are_published_and_listed_over_http(world: Any) -> None:
    world.report_cases()
    window = {"from": "2022-03-31T00:00:00+08:00", "to": "2022-04-02T00:00:00+08:00"}
    made = world.post(
        "ma", "/v1/publications", {"table": "cases", "level": "district", **window}
    ).json()
    assert made["sheet"]["k"] == world.platform.settings.k_anonymity
    listed = world.get("ma", "/v1/publications").json()
    assert [one["release"] for one in listed["items"]] == [made["sheet"]["release"]]
    bad = world.post("ma", "/v1/publications", {"table": "secrets", "level": "district"})
    assert bad.json()["code"] == "unknown_table"


def test_retention_runs_and_is_checked_over_http(world: Any) -> None:
    assert world.get("hu", "/v1/retention/kinds").json()["total"] > 3
    run = world.post("xu", "/v1/retention/run", {})
    assert run.status_code == 201 and len(run.json()["digest"]) == 64
    checked = world.get("wu", "/v1/retention/receipts").json()
    assert checked == {"receipts": 1, "ok": True, "wrong": []}


def test_answers_keep_to_their_schemas(two: Any) -> None:
    from jsonschema import Draft202012Validator

    document = two.client.get("/openapi.json", headers=two.headers("root")).json()

    def check(answer: Any, path: str, method: str = "post", status: str = "201") -> None:
        assert answer.status_code == int(status), answer.text
        content = document["paths"][path][method]["responses"][status]["content"]
        schema = {**content["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(msgspec.json.decode(answer.content))

    two.platform.accounts._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    check(two.post("li", "/v1/activations", OPEN), "/v1/activations")
    check(two.post("root", "/v1/accounts", WISH), "/v1/accounts")
    check(two.get("root", "/v1/accounts"), "/v1/accounts", "get", "200")
    check(two.get("root", "/v1/account-changes"), "/v1/account-changes", "get", "200")
    check(two.post("wu", "/v1/audit/verify", {}), "/v1/audit/verify", "post", "200")
    check(two.post("wu", "/v1/audit/check", {}), "/v1/audit/check", "post", "200")
    check(two.post("xu", "/v1/retention/run", {}), "/v1/retention/run")
    check(two.get("wu", "/v1/retention/kinds"), "/v1/retention/kinds", "get", "200")
    check(two.get("wu", "/v1/retention/receipts"), "/v1/retention/receipts", "get", "200")
    check(two.post("ma", "/v1/publications", BODIES["/v1/publications"]), "/v1/publications")


def test_a_refresh_is_on_record(world: Any) -> None:
    tokens = world.tokens("li")
    world.platform.accounts.db.execute("UPDATE accounts SET state='open' WHERE name='li'")
    answer = world.client.post("/v1/sessions/refresh", json={"refresh": tokens.refresh})
    assert answer.status_code == 201
    (noted,) = notes(world, "session_refreshed")
    assert (noted.fact.about, noted.fact.detail) == ("li", f"session {tokens.session}")


def test_head_answers_as_get_does_without_the_body(world: Any) -> None:
    for path, code in (("/health", 200), ("/v1/incidents", 200), ("/v1/incidents/none", 404)):
        answer = world.client.head(path, headers=world.headers("li"))
        assert (answer.status_code, answer.content) == (code, b""), path
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert world.client.head("/v1/incidents").status_code == 401
