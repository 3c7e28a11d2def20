"""What was done, weighed afterwards: drills against their truth, work against its plan."""
