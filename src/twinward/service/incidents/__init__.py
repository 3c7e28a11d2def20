"""Use cases on incidents: queries, one incident's page, its plan, corrective actions."""
