"""Plans in force: adopted, their clauses started and stopped, ended."""
