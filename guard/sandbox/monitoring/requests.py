"""Who got which requests: an endpoint's traffic, shared out over the models that are deployed on it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from guard.sandbox.deployments import Deployment
from guard.sandbox.monitoring.window import Minutes, Numbers, noise
from guard.sandbox.traffic import Traffic
from guard.sandbox.world import World

ByCode = Mapping[int, Numbers]
"""HTTP status -> requests in each minute."""


def served(world: World, deployments: Iterable[Deployment], minutes: Minutes) -> list[tuple[Deployment, ByCode]]:
    """Each deployment with the requests that it answered; a request that found no model is nobody's."""
    endpoints: defaultdict[tuple[str, str, str], list[Deployment]] = defaultdict(list)
    for deployment in deployments:
        endpoints[deployment.endpoint_key].append(deployment)
    return [
        (deployment, counts)
        for key, sharers in endpoints.items()
        for deployment, counts in zip(
            sharers, _shared_out(_by_code(world, key, minutes), sharers, minutes), strict=True
        )
    ]


def _by_code(world: World, key: tuple[str, str, str], minutes: Minutes) -> ByCode:
    traffic = world.traffic.get(key)
    return traffic.by_code(minutes.first, minutes.last) if isinstance(traffic, Traffic) else {}


def _shared_out(by_code: ByCode, sharers: list[Deployment], minutes: Minutes) -> list[ByCode]:
    if not by_code:
        return [{} for _ in sharers]
    percent = np.zeros(len(minutes), dtype=np.int64)
    cuts: list[Numbers] = [percent / 100]
    for deployment in sharers:
        low, high = minutes.within(deployment.started_at, deployment.ended_at)
        percent = percent.copy()
        percent[low:high] += minutes.steps(deployment.share_steps)[low:high]
        cuts.append(np.minimum(percent, 100) / 100)
    if len(sharers) == 1 and bool((percent == 100).all()):
        return [by_code]
    # Which sharer gets a request is drawn once a minute, so that shares hold on average and no request is lost or doubled.
    draw = noise(minutes, sharers[0].endpoint_id)
    edges = {code: [np.floor(n * edge + draw).clip(max=n) for edge in cuts] for code, n in by_code.items()}
    return [
        {code: (edge[place + 1] - edge[place]).astype(np.int64) for code, edge in edges.items()}
        for place in range(len(sharers))
    ]
