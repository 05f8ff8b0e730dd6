"""A fleet for money: machines with and without a price, autoscaling, a pool, Spot, two projects with teams."""

SCENARIO = """
start: 2026-11-02T00:00:00Z
seed: 9
world_id: money
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1, europe-west4]}
  - {id: demo-product, number: "100000000002", locations: [us-central1]}
pools:
  - {id: shared-pool, project: demo-research, location: us-central1, machine: n1-standard-8, created: -25d}
endpoints:
  - {id: 1001, display_name: gpu, project: demo-research, location: us-central1, labels: {owner: ml, team: vision},
      deploy: [{id: 11, machine: g2-standard-12, accelerator: NVIDIA_L4, at: -20d}], traffic: busy}
  - {id: 1002, display_name: scaled, project: demo-product, location: us-central1, labels: {owner: shop, team: shop},
      deploy: [{id: 12, machine: n1-standard-4, at: -20d, daily: {"08:30": 3, "20:15": 1}}], traffic: busy}
  - {id: 1003, display_name: spot, project: demo-research, location: europe-west4, labels: {team: vision},
      deploy: [{id: 13, machine: n1-standard-4, spot: true, replicas: 2, max_replicas: 4, at: -20d}], traffic: busy}
  - {id: 1004, display_name: sharer-one, project: demo-research, location: us-central1,
      deploy: [{id: 14, pool: shared-pool, at: -20d}], traffic: busy}
  - {id: 1005, display_name: sharer-two, project: demo-research, location: us-central1,
      deploy: [{id: 15, pool: shared-pool, at: -20d}], traffic: busy}
  - {id: 1006, display_name: tpu, project: demo-research, location: us-central1, labels: {team: vision},
      deploy: [{id: 16, machine: ct5lp-hightpu-1t, at: -20d}], traffic: busy}
"""
CONFIG = """
mode: observe
projects: [demo-research, demo-product]
owners: {from: [label:owner, creator], fallback: ops}
notify: {ops: "SINK", ml: "SINK", shop: "SINK"}
if_wrong: {team: {per_minute_down: 0.5}}
policies:
  - {name: default, if_wrong: team, wait: break_even, notify_before: 2h, grace: 1h, do: [undeploy]}
"""
