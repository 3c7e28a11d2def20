"""What every verb shares: the opened workspace, output, parser, progress, paths, a running
server.
"""
