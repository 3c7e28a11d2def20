"""Use cases after the action: reviews, timeliness, counterfactuals."""
