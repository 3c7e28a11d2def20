"""Spread between cities: a metapopulation model on flows of people, arrivals and importation."""
