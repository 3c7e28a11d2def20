"""What somebody may do: roles, rules, jurisdictions, scopes."""
