"""KEEP: the event log with its projections, the durable inbox, readings; implements the ports of
`core`.
"""
