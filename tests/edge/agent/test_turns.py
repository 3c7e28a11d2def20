"""Whose turn it is: what is live goes first, and a backlog goes on all the same."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from twinward.edge.agent.turns import Job, Turns


def job(size: int = 1) -> Job:
    return Job(lambda: None, size, Future())


def test_live_jobs_go_before_a_backlog_that_gets_one_piece_a_turn() -> None:
    turns = Turns()
    backlog, live = [job(2000) for _ in range(3)], [job(400) for _ in range(4)]
    for one in backlog:
        assert turns.put(one, backlog=True, wait_s=0)
    for one in live:
        assert turns.put(one, backlog=False, wait_s=0)
    taken = [turns.take(1000, 0)[0] for _ in range(3)]
    assert taken == [[*live[:3], backlog[0]], [live[3], backlog[1]], [backlog[2]]]
    assert turns.take(1000, 0) == ([], False)


def test_who_finds_no_room_waits_or_is_told() -> None:
    turns = Turns(most=1)
    first, second = job(), job()
    assert turns.put(first, backlog=False, wait_s=0)
    assert not turns.put(second, backlog=True, wait_s=0.01)
    done: list[bool] = []
    waiter = threading.Thread(
        target=lambda: done.append(turns.put(second, backlog=False, wait_s=10))
    )
    waiter.start()
    assert turns.take(10, 1)[0] == [first]
    waiter.join(timeout=10)
    assert done == [True] and turns.take(10, 1)[0] == [second]


def test_what_waits_when_it_ends_is_still_done() -> None:
    turns = Turns()
    jobs = [job(10), job(10)]
    for one in jobs:
        turns.put(one, backlog=False, wait_s=0)
    turns.end()
    assert turns.take(10, 0) == ([jobs[0]], False)
    assert turns.take(10, 0) == ([jobs[1]], True)
