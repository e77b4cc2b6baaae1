"""The published language: one module for each owner. Facts carry ids, dates and codes.

To import one module is to know them all, so the catalogue is never half full.
"""

from shared.events import diagnostics, mentoring, monitoring, registry, routes

__all__ = ["diagnostics", "mentoring", "monitoring", "registry", "routes"]
