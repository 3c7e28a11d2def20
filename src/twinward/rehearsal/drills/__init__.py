"""The pretended city of a drill: feeds, players, responders, truth."""
