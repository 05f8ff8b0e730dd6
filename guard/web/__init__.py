"""The page and its API: who comes in (`door`, `login/`), what they read (`pages/`, `api/`) and the words they give (`words`).

Everything it needs is handed in as a `House`; it computes nothing of its own: every answer is the desk's.
"""
