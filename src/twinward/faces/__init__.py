"""What a researcher reaches with `import twinward as tw`: one module a subject, data frames in and
out, plots by one call.
"""
