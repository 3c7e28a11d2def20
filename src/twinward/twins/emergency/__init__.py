"""The emergency twin: incidents, cases, contacts, resources, tasks, plans in force, activations."""
