"""ACT: what the loop ordered goes out to the people and devices that must do it."""
