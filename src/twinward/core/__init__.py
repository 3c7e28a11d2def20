"""The words all parts speak: ids, clock, chance, geography, messages, errors, scope, ports."""
