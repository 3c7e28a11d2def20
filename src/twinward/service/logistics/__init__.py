"""Use cases of logistics: needs ahead, supplies, siting, routes, rosters."""
