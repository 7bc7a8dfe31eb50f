"""Analyses: functions from a graph to a frozen report, one to a module, imported when asked for."""
