"""The mutation gateway: the only room that holds clients which change something in the cloud.

Look again, commit the intent, call once, never retry: gateway.py holds the path, settle.py asks what became of it.
"""
