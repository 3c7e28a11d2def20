"""Forecasts of a series of counts: a renewal equation whose reproduction number drifts, fitted
by particle filter.
"""
