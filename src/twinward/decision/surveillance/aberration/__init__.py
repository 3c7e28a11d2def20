"""Counts above what is usual: EARS C1 to C3, Farrington flexible, CUSUM on residuals."""
