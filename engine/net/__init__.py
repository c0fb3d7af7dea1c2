"""The network, one concern a module: sending requests, rate limits, downloads, allowed hosts, secrets from outside, the clock."""
