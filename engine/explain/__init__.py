"""Explaining a spec and a run to people: the integration page, the graph of requests, the timeline. Sends nothing, asks nobody."""
