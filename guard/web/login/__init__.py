"""The ways in: a one-time link on this machine, OIDC for a team, the signed header of Google's Identity-Aware Proxy."""
