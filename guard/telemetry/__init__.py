"""What the guard tells machines: logs, event names, metrics."""
