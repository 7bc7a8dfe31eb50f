"""Backends: functions from a graph to an artifact, one to a module, imported when asked for."""
