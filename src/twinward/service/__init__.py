"""Every use case once: authorise -> scope -> call -> audit -> mask. API and CLI go through it."""
