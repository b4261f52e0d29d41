"""Recording what an app sends and does: the proxy, the live run, and the importers of other recordings."""
