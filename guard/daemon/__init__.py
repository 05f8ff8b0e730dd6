"""The daemon: observe, judge, plan, announce, act, account; the scheduler that calls it, and its leadership."""
