"""Use cases of movement: five screens of counts, none of a person."""
