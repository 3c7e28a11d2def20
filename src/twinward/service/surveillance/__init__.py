"""Use cases of surveillance: R, alarms, clusters, nowcasts, forecasts, spread between cities."""
