"""The pretended city: outbreaks, responders, injects; for demonstrations, drills and tests. All
of it is synthetic.
"""
