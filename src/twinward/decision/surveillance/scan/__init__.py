"""Clusters in space and time: Kulldorff's scan statistic with circles and cylinders."""
