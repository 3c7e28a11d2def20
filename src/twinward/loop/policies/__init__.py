"""What answers an event: trigger, link, schedule, divide, feedback, clauses, the end of a plan."""
