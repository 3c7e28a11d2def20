"""The Common Alerting Protocol 1.2 (OASIS, 2010): one alert, a chain of alerts, an Atom feed."""
