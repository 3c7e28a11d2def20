"""Signals of surveillance: raised by a count above what is usual, judged by a person."""
