"""THE CLOSED LOOP: trigger, link, schedule, divide, feed back. Only this package knows the whole
circle.
"""
