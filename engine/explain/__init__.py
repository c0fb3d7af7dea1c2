"""Explain a spec and a run: the integration page, the graph of requests, the timeline of a run. Sends nothing."""
