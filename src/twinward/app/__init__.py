"""Where parts are chosen and joined: the one place that knows every part."""
