"""The five functions of a decision platform on one incident: analyse, describe, diagnose,
predict, guide.
"""
