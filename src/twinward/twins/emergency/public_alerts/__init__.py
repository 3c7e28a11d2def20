"""Alerts for the public: drafted, approved by two persons, sent, updated, cancelled, ended."""
