"""The observation lake: fixes by day in two sort orders, visits built on append, one atomic
manifest.
"""
