"""Tasks and orders of departments, their answers and deadlines."""
