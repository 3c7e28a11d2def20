"""GTFS and GTFS-Realtime 2.0 (MobilityData): where vehicles are, how late trips run, what is
announced, and the timetable that they are held against.
"""
