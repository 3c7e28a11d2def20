"""Earthquakes: ground motion by BSSA14, correlated residuals, damage, casualties by two methods."""
