"""Warnings held against what came."""
