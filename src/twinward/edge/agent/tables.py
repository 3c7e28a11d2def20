"""The tables of an agent's file, and the words for what stands in them."""

from __future__ import annotations

from twinward.edge.profiles import Lane

LANES: tuple[Lane, ...] = ("alarm", "status", "bulk")
WAITING, ACKNOWLEDGED, HELD = 0, 1, 2
SCHEMA = """
CREATE TABLE IF NOT EXISTS reading (
  n INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL, lane INTEGER NOT NULL,
  device TEXT NOT NULL, boot TEXT NOT NULL, seq INTEGER NOT NULL, digest BLOB NOT NULL,
  occurred_us INTEGER NOT NULL, received_us INTEGER NOT NULL, body BLOB NOT NULL,
  why TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX IF NOT EXISTS reading_id ON reading (device, boot, seq);
CREATE INDEX IF NOT EXISTS reading_lane ON reading (state, lane, n);
CREATE TABLE IF NOT EXISTS known (
  device TEXT, boot TEXT, first INTEGER, last INTEGER, PRIMARY KEY (device, boot, first))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger (
  id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, reason TEXT NOT NULL, lane TEXT NOT NULL,
  count INTEGER NOT NULL, first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, says TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ledger_like ON ledger (reason, lane, id);
CREATE TABLE IF NOT EXISTS heard (
  device TEXT PRIMARY KEY, occurred_us INTEGER NOT NULL, received_us INTEGER NOT NULL,
  boot TEXT NOT NULL, seq INTEGER NOT NULL, fault TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS placed (
  device TEXT, from_us INTEGER, profile TEXT NOT NULL, area TEXT NOT NULL, place TEXT NOT NULL,
  PRIMARY KEY (device, from_us)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS memory (
  rule TEXT, device TEXT, body BLOB NOT NULL, PRIMARY KEY (rule, device)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
  rule TEXT, device TEXT, began_us INTEGER, severity TEXT NOT NULL, cleared_us INTEGER,
  value REAL, PRIMARY KEY (rule, device, began_us)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS action (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL, wanted_us INTEGER NOT NULL,
  state TEXT NOT NULL, done_us INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS registry (
  device TEXT PRIMARY KEY, may_speak INTEGER NOT NULL, keys TEXT NOT NULL, desired BLOB NOT NULL,
  version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device_order (
  id TEXT PRIMARY KEY, device TEXT NOT NULL, body BLOB NOT NULL, state TEXT NOT NULL,
  at_us INTEGER NOT NULL, expires_us INTEGER NOT NULL, says TEXT NOT NULL, told TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device_word (
  device TEXT PRIMARY KEY, body BLOB NOT NULL, version INTEGER NOT NULL, at_us INTEGER NOT NULL,
  told INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


def waits(lane: Lane) -> str:
    """The name under which it is counted how many of a lane wait."""
    return f"waiting_{lane}"


WAITING_COUNTS = {waits(lane) for lane in LANES}
