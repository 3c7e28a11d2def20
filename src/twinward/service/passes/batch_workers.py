"""The processes that sign the chunks of a batch, each chunk whole on disk before the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from twinward.security.passes.batch_signing import BatchPlan, ChunkSigner, Mould
from twinward.service.passes.batch_folder import BatchFolder

Task = tuple[int, Sequence[str]]


class WorkerSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs to sign; keys go through a pipe, never over a disk."""

    plan: BatchPlan
    private: ec.EllipticCurvePrivateKey
    batch_key: bytes
    book_key: bytes
    told: Mapping[str, bytes]

    def signer(self) -> ChunkSigner:
        return ChunkSigner(
            plan=self.plan,
            mould=Mould(self.plan, self.private),
            batch_key=self.batch_key,
            book_key=self.book_key,
            told=self.told,
        )


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """How many persons' chunks were signed in this run, and how many of all are told instead."""

    signed: int
    told: int
    seconds: float


def sign_chunks(
    folder: BatchFolder,
    setup: WorkerSetup,
    chunks: Iterable[Sequence[str]],
    workers: int,
    tell: Callable[[str, float], None],
) -> Signed:
    """Every chunk that is not on disk yet."""
    started = time.perf_counter()
    signed = told = 0

    def tasks() -> Iterator[Task]:
        nonlocal signed, told
        for number, subjects in enumerate(chunks):
            told += sum(one in setup.told for one in subjects) if setup.told else 0
            if not folder.is_signed(number):
                signed += len(subjects)
                yield number, subjects
            tell(f"{signed:,} signed", (number + 1) / setup.plan.chunks)

    if workers <= 1:
        signer = setup.signer()
        for number, subjects in tasks():
            folder.keep(number, signer.sign(number, subjects))
    else:
        _sign_in_processes(folder, setup, tasks(), workers)
    return Signed(signed=signed, told=told, seconds=time.perf_counter() - started)


def _sign_in_processes(
    folder: BatchFolder, setup: WorkerSetup, tasks: Iterator[Task], workers: int
) -> None:
    """At most two chunks wait for each process, so that a city's roster is never in memory."""
    private = setup.private.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    given = (folder, setup.plan, private, setup.batch_key, setup.book_key, dict(setup.told))
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, given) as pool:
        running: set[Future[None]] = set()
        for task in tasks:
            running.add(pool.submit(_sign_one, *task))
            if len(running) >= 2 * workers:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for one in done:
                    one.result()
        for one in running:
            one.result()


_OWN: list[tuple[BatchFolder, ChunkSigner]] = []  # of this process


def _begin(
    folder: BatchFolder,
    plan: BatchPlan,
    private: bytes,
    batch_key: bytes,
    book_key: bytes,
    told: dict[str, bytes],
) -> None:
    key = serialization.load_der_private_key(private, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    setup = WorkerSetup(plan=plan, private=key, batch_key=batch_key, book_key=book_key, told=told)
    _OWN[:] = [(folder, setup.signer())]


def _sign_one(number: int, subjects: Sequence[str]) -> None:
    folder, signer = _OWN[0]
    folder.keep(number, signer.sign(number, subjects))
