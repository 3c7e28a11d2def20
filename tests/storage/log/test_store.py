"""The log and its projections keep what the ports promise, the same on both databases."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from typing import Any

import pytest

from twinward.core.errors import ConflictError, InputError, StorageError
from twinward.core.messages import Counts


def open_incident(words: Any, number: int, area: str = "310101", **fields: Any) -> Any:
    def work(tx: Any) -> Any:
        row = words.Incident(id=f"inc-{number}", area=area, **fields)
        events = tx.append(words.ask(f"cmd-{number}"), [words.opened(row.id, area)], words.START)
        tx.put("incidents", row, words.START)
        return events

    return work


def test_an_event_is_read_as_it_was_appended(store: Any, words: Any) -> None:
    def work(tx: Any) -> Any:
        return tx.append(
            words.ask("cmd-1", cause="cmd-0.1"),
            [words.opened("inc-1"), words.opened("inc-2")],
            words.START,
        )

    written = store.write(work)
    with store.read() as reader:
        assert reader.events_after(0) == written
        assert reader.find_event("cmd-1.2") == written[1]
        assert reader.find_event("cmd-1.3") is None
        assert reader.last_seq() == 2
    assert [event.seq for event in written] == [1, 2]
    assert written[0].cause == "cmd-0.1"
    assert written[0].fact == words.IncidentOpened(incident="inc-1")


def test_events_are_chosen_by_type_and_incident(store: Any, words: Any) -> None:
    for number in range(3):
        store.write(open_incident(words, number))
    with store.read() as reader:
        assert [e.incident for e in reader.events_after(0, incident="inc-1")] == ["inc-1"]
        assert [e.seq for e in reader.events_after(1, types=["IncidentOpened"])] == [2, 3]
        assert reader.events_after(0, types=["CaseReported"]) == []
        assert reader.events_after(0, types=[]) == []
        assert len(reader.events_after(0, limit=2)) == 2


def test_rows_are_found_listed_and_counted(store: Any, words: Any) -> None:
    due = words.START + timedelta(hours=2)
    store.write(open_incident(words, 1, "310101", level=2, due_at=due))
    store.write(open_incident(words, 2, "310101001", level=3, urgent=True, note="x"))
    store.write(
        open_incident(words, 3, "310115", level=1, load=2.5, due_at=due + timedelta(hours=1))
    )
    with store.read() as reader:
        ids = lambda **how: [row.id for row in reader.list_rows("incidents", **how)]  # noqa: E731
        assert reader.find("incidents", "inc-1").level == 2
        assert reader.find("incidents", "none") is None
        assert ids() == ["inc-1", "inc-2", "inc-3"]
        assert ids(under="310101") == ["inc-1", "inc-2"]
        assert ids(area="310101") == ["inc-1"]
        assert ids(order="level") == ["inc-3", "inc-1", "inc-2"]
        assert ids(order="-level", limit=1, offset=1) == ["inc-1"]
        assert ids(level=(1, 3), order="-id") == ["inc-3", "inc-2"]
        assert ids(note=None) == ["inc-1", "inc-3"]
        assert ids(urgent=True) == ["inc-2"]
        assert ids(level=()) == []
        assert ids(before=("due_at", due + timedelta(seconds=1))) == ["inc-1"]
        assert ids(order="due_at") == ["inc-2", "inc-1", "inc-3"]
        assert ids(order="-due_at") == ["inc-3", "inc-1", "inc-2"]
        assert ids(due_at=due) == ["inc-1"]
        assert reader.count("incidents", under="310101") == 2
        assert reader.count("incidents", state="open", level=1) == 1


def test_an_unknown_table_or_column_is_the_askers_fault(store: Any) -> None:
    with store.read() as reader:
        with pytest.raises(InputError, match="no table"):
            reader.list_rows("nothing")
        with pytest.raises(InputError, match="no column"):
            reader.list_rows("incidents", colour="red")
        with pytest.raises(InputError, match="no column"):
            reader.list_rows("incidents", order="colour")


def test_a_work_sees_its_own_writes(store: Any, words: Any) -> None:
    def work(tx: Any) -> None:
        open_incident(words, 1)(tx)
        assert tx.find("incidents", "inc-1").id == "inc-1"
        assert tx.count("incidents") == 1
        assert tx.seen("cmd-1")
        assert not tx.seen("cmd-2")
        assert [event.id for event in tx.events_after(0)] == ["cmd-1.1"]
        assert tx.find_event("cmd-1.1").seq == 1
        tx.put("incidents", words.Incident(id="inc-1", area="310101", level=1), words.START)
        assert [row.level for row in tx.list_rows("incidents", state="open")] == [1]
        tx.remove("incidents", "inc-1", words.START)
        assert tx.find("incidents", "inc-1") is None
        assert tx.list_rows("incidents") == []
        tx.set_offset("loop", 1)
        assert tx.get_offset("loop") == 1
        tx.add_counts("lab", Counts(received=2, stored=2))
        assert tx.counts()["lab"].received == 2
        assert (
            tx.append(words.ask("cmd-1"), [words.opened("inc-1")], words.START)[0].id == "cmd-1.2"
        )

    store.write(work)
    with store.read() as reader:
        assert [event.id for event in reader.events_after(0)] == ["cmd-1.1", "cmd-1.2"]
        assert reader.find_event("cmd-1.2").seq == 2
        assert reader.get_offset("loop") == 1
        assert reader.counts() == {"lab": Counts(received=2, stored=2)}


@pytest.mark.parametrize("lists", [False, True], ids=["held back", "flushed before it fails"])
def test_a_work_that_fails_leaves_no_trace_and_spares_its_neighbours(
    store: Any, words: Any, lists: bool
) -> None:
    gate = threading.Event()

    def wait(tx: Any) -> None:
        gate.wait(10)

    def fail(tx: Any) -> None:
        open_incident(words, 2)(tx)
        tx.set_offset("loop", 9)
        if lists:
            assert tx.count("incidents") == 2
        raise ValueError("no")

    store.submit(wait)  # so that the three below share one commit
    futures = [
        store.submit(work) for work in (open_incident(words, 1), fail, open_incident(words, 3))
    ]
    gate.set()
    assert futures[0].result()[0].seq == 1
    with pytest.raises(ValueError, match="no"):
        futures[1].result()
    assert futures[2].result()[0].seq == 2
    with store.read() as reader:
        assert [row.id for row in reader.list_rows("incidents")] == ["inc-1", "inc-3"]
        assert [event.id for event in reader.events_after(0)] == ["cmd-1.1", "cmd-3.1"]
        assert reader.get_offset("loop") == 0
    assert not store.write(lambda tx: tx.seen("cmd-2"))


def test_a_command_is_done_once(store: Any, words: Any) -> None:
    store.write(open_incident(words, 1))
    with pytest.raises(ConflictError) as refused:
        store.write(open_incident(words, 1))
    assert refused.value.code == "command_done"
    assert store.write(lambda tx: tx.seen("cmd-1"))


def test_what_was_written_is_there_after_reopening(place: str, open_at: Any, words: Any) -> None:
    first = open_at(place)
    first.write(open_incident(words, 1))
    first.close()
    with pytest.raises(StorageError, match="closed"):
        first.submit(lambda tx: None)
    second = open_at(place)
    second.write(open_incident(words, 2))
    with second.read() as reader:
        assert [event.seq for event in reader.events_after(0)] == [1, 2]
        assert reader.count("incidents") == 2


def test_two_stores_on_one_place_write_one_log(place: str, open_at: Any, words: Any) -> None:
    mine, other = open_at(place), open_at(place)
    mine.write(open_incident(words, 1, level=4))
    other.write(
        lambda tx: tx.put(
            "incidents", words.Incident(id="inc-1", area="310101", level=1), words.START
        )
    )
    assert mine.write(lambda tx: tx.find("incidents", "inc-1")).level == 1
    other.write(open_incident(words, 2))
    assert mine.wait_for(1, 5.0) == 2
    mine.write(open_incident(words, 3))
    with other.read() as reader:
        assert [event.seq for event in reader.events_after(0)] == [1, 2, 3]


def test_a_reader_keeps_its_picture(store: Any, words: Any) -> None:
    store.write(open_incident(words, 1))
    with store.read() as reader:
        store.write(open_incident(words, 2))
        assert reader.count("incidents") == 1
        assert reader.last_seq() == 1
    with pytest.raises(StorageError, match="closed"):
        reader.count("incidents")


def test_waiting_ends_when_the_log_grows_or_time_is_up(store: Any, words: Any) -> None:
    assert store.wait_for(0, 0.01) == 0
    timer = threading.Timer(0.05, lambda: store.write(open_incident(words, 1)))
    timer.start()
    assert store.wait_for(0, 10.0) == 1
    timer.join()


def test_the_past_is_asked_by_instant_and_by_knowledge(store: Any, words: Any, clock: Any) -> None:
    day = timedelta(days=1)

    def put(valid_from: Any, **fields: Any) -> None:
        clock.advance(timedelta(hours=1))
        store.write(
            lambda tx: tx.put("incidents", words.Incident(id="inc-1", **fields), valid_from)
        )

    put(words.START, area="310101", level=4)
    put(words.START + 2 * day, area="310101", level=2)
    known = clock.now()
    put(
        words.START + 1 * day, area="310101", level=1
    )  # learnt late: so it was from the first day on
    put(words.START + 3 * day, area="310115", level=1)  # moved
    clock.advance(timedelta(hours=1))
    store.write(lambda tx: tx.remove("incidents", "inc-1", words.START + 4 * day))
    with store.read() as reader:
        at = lambda days, **how: [  # noqa: E731
            (row.area, row.level)
            for row in reader.as_of("incidents", words.START + days * day, **how)
        ]
        assert at(-1) == []
        assert at(0.5) == [("310101", 4)]
        assert at(1.5) == [("310101", 1)]
        assert at(1.5, known_at=known) == [("310101", 4)]
        assert at(2.5) == [("310101", 1)]
        assert at(2.5, known_at=known) == [("310101", 2)]
        assert at(3.5) == [("310115", 1)]
        assert at(3.5, area="310101") == []
        assert at(2.5, area="3101") == [("310101", 1)]
        assert at(3.5, area="310115") == [("310115", 1)]
        assert at(4.5) == []
        assert reader.find("incidents", "inc-1") is None


def test_personal_rows_and_facts_end_with_their_key(place: str, open_at: Any, words: Any) -> None:
    sealer = words.ToySealer()
    store = open_at(place, sealer=sealer)

    def work(tx: Any) -> None:
        for name in ("p-1", "p-2"):
            tx.append(words.ask(f"cmd-{name}"), [words.opened("inc-1", subject=name)], words.START)
            tx.put("cases", words.Case(id=f"case-{name}", area="310101", person=name), words.START)

    store.write(work)
    assert store.write(lambda tx: tx.find("cases", "case-p-1")).person == "p-1"
    sealer.destroyed.add(("p-1", words.START.date()))
    assert store.write(lambda tx: tx.find("cases", "case-p-1")) is None
    with store.read() as reader:
        assert [row.person for row in reader.list_rows("cases")] == ["p-2"]
        assert [row.person for row in reader.as_of("cases", words.START)] == ["p-2"]
        assert [event.fact is None for event in reader.events_after(0)] == [True, False]
        gone, kept = [event.subject for event in reader.events_after(0)]
        assert gone not in (None, "p-1") and kept == "p-2"  # of whom it was ends with the key too


def test_a_fact_of_a_later_release_keeps_its_place(place: str, open_at: Any, words: Any) -> None:
    open_at(place).write(open_incident(words, 1))
    with open_at(place, facts=(words.CaseReported,)).read() as reader:
        (event,) = reader.events_after(0)
    assert (event.type, event.fact) == ("IncidentOpened", None)


def test_time_never_runs_backwards_in_the_log(store: Any, words: Any, clock: Any) -> None:
    store.write(open_incident(words, 1))
    clock.advance(timedelta(hours=-3))
    assert store.write(open_incident(words, 2))[0].recorded_at == words.START


def test_bad_values_are_refused_to_the_one_who_sends_them(store: Any, words: Any) -> None:
    for row in (
        words.Incident(id="inc\x00", area="310101"),
        words.Incident(id="inc-1", area="310101", note="a\x00b"),
        words.Incident(id="inc-1", area="310101", level=2**63),
    ):
        with pytest.raises(InputError):
            store.write(lambda tx, row=row: tx.put("incidents", row, words.START))
    with pytest.raises(InputError):
        store.write(
            lambda tx: tx.put("incidents", words.Case(id="c", area="1", person="p"), words.START)
        )


def test_a_column_declared_later_is_filled_from_the_rows(
    place: str, open_at: Any, words: Any
) -> None:
    import msgspec

    early = [msgspec.structs.replace(words.TABLES[0], columns=("state",), indexes=())]
    first = open_at(place, tables=early)
    first.write(open_incident(words, 1, level=2, note="x"))
    first.close()
    with open_at(place).read() as reader:
        assert [row.id for row in reader.list_rows("incidents", level=2, note="x")] == ["inc-1"]


def test_a_write_inside_a_work_is_refused_instead_of_waiting_for_itself(store: Any) -> None:
    with pytest.raises(StorageError, match="another write"):
        store.write(lambda tx: store.write(lambda inner: None))


@pytest.mark.parametrize("sealed", ["never", "then more", "at the end"])
def test_sealing_changes_no_answer(
    place: str, open_at: Any, words: Any, clock: Any, tmp_path: Any, sealed: str
) -> None:
    """Random puts, moves, removals and late reports; every look back is what a list of all
    versions says.
    """
    chance = random.Random(5)
    store = open_at(place, sealed=tmp_path / "sealed", sealer=words.ToySealer())
    versions: list[tuple[Any, ...]] = []

    def step(tx: Any) -> None:
        for _ in range(12):
            key, area = (
                f"k-{chance.randrange(15)}",
                chance.choice(["310101", "310101001", "310115"]),
            )
            valid_from = words.START + timedelta(hours=chance.randrange(48))
            there = tx.find("incidents", key)
            if there is not None and chance.random() < 0.2:
                tx.remove("incidents", key, valid_from)
                tx.remove("cases", key, valid_from)
                versions.append((key, there.area, valid_from, tx.recorded_at, None))
                continue
            row = words.Incident(
                id=key, area=area, level=chance.randrange(9), due_at=valid_from, urgent=True
            )
            if there is not None and there.area != area:
                versions.append((key, there.area, valid_from, tx.recorded_at, None))
            versions.append((key, area, valid_from, tx.recorded_at, row))
            tx.put("incidents", row, valid_from)
            tx.put(
                "cases", words.Case(id=key, area=area, person="p", state=str(row.level)), valid_from
            )

    for n in range(12):
        clock.advance(timedelta(minutes=1))
        store.write(step)
        if sealed == "then more" and n in (3, 7):
            assert store.seal_history() > 0
    if sealed == "at the end":
        store.seal_history()

    def slowly(at: Any, under: str, known: Any) -> list[Any]:
        last: dict[tuple[str, str], Any] = {}
        for key, area, valid_from, recorded, row in versions:
            if valid_from <= at and recorded <= known and area.startswith(under):
                last[key, area] = row
        return sorted((row for row in last.values() if row is not None), key=lambda row: row.id)

    end = clock.now()
    with store.read() as reader:
        for hours in range(-1, 50, 3):
            at = words.START + timedelta(hours=hours)
            for under in ("", "310101", "310115", "32"):
                expected = slowly(at, under, end)
                assert sorted(
                    reader.as_of("incidents", at, area=under or None), key=repr
                ) == sorted(expected, key=repr)
                cases = reader.as_of("cases", at, area=under or None)
                assert sorted((c.id, c.state) for c in cases) == sorted(
                    (r.id, str(r.level)) for r in expected
                )
                columns = reader.as_of_columns("incidents", at, area=under or None).to_pylist()
                assert sorted(
                    (c["key"], c["area"], c["level"], c["urgent"]) for c in columns
                ) == sorted((r.id, r.area, r.level, 1) for r in expected)
                assert reader.as_of_columns("cases", at, area=under or None).num_rows == len(
                    expected
                )
            known = end - timedelta(minutes=5)
            was = reader.as_of("incidents", at, known_at=known)
            assert sorted(was, key=repr) == sorted(slowly(at, "", known), key=repr)


def test_a_picture_older_than_the_sealing_is_not_answered_by_it(
    place: str, open_at: Any, words: Any, tmp_path: Any
) -> None:
    store = open_at(place, sealed=tmp_path / "sealed")
    store.write(open_incident(words, 1))
    with store.read() as reader:
        store.write(open_incident(words, 2))
        store.seal_history()
        assert [row.id for row in reader.as_of("incidents", words.START)] == ["inc-1"]
    with store.read() as reader:
        assert [row.id for row in reader.as_of("incidents", words.START)] == ["inc-1", "inc-2"]
