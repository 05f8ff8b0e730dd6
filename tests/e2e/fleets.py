"""Worlds with more than one thing to remove."""

FOUR_IDLE = """
start: 2026-11-02T00:00:00Z
seed: 5
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1, europe-west4]}
endpoints:
  - {id: 1001, display_name: one, location: us-central1, labels: {owner: ml}, deploy: [{id: 11, machine: n1-standard-4}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
  - {id: 1002, display_name: busy, location: us-central1, deploy: [{id: 12}], traffic: busy}
  - {id: 1003, display_name: three, location: us-central1, labels: {owner: ml}, deploy: [{id: 13, machine: n1-standard-8}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
  - {id: 1004, display_name: four, location: us-central1, labels: {owner: ml}, deploy: [{id: 14, machine: n1-standard-16}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
  - {id: 2001, display_name: far, location: europe-west4, labels: {owner: ml}, deploy: [{id: 21}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
"""

TWO_PROJECTS = """
start: 2026-11-02T00:00:00Z
seed: 5
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1]}
  - {id: demo-serving, number: "100000000002", locations: [us-central1]}
endpoints:
  - {id: 1001, display_name: forgotten, project: demo-research, location: us-central1, deploy: [{id: 11}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
  - {id: 3001, display_name: served, project: demo-serving, location: us-central1, deploy: [{id: 31}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
"""

POOL = """
start: 2026-11-02T00:00:00Z
seed: 5
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1, europe-west4]}
pools:
  - {id: shared, location: us-central1, machine: n1-standard-8}
endpoints:
  - {id: 1001, display_name: left, location: us-central1, labels: {owner: ml}, deploy: [{id: 11, pool: shared}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
  - {id: 1003, display_name: right, location: us-central1, labels: {owner: ml}, deploy: [{id: 13, pool: shared}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
  - {id: 1002, display_name: cheap, location: us-central1, labels: {owner: ml}, deploy: [{id: 12, machine: n1-standard-2}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
"""
