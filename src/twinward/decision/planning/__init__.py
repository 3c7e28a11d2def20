"""Plans run forward on common random numbers, laid beside each other, searched and put into
words.
"""
