"""Puts Kubernetes workload controllers through their sea trials before anybody ships a change."""

__version__ = "0.1.0"
