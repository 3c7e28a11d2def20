"""Cursor on Target 2.0 (MITRE MP090284): positions and alarms in the field, in and out."""
