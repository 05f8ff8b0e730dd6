"""The stand-in learner: what the sandbox's tuned models know, really learned from the uploaded data.

It is a stand-in, not a language model: a bag-of-words classifier over the parts of an answer that vary, and a copier for parts that
stand in the question. It is honest in the ways that matter for trying out a tuning path: more examples help on unseen data,
shuffled answers teach the format and nothing else, and too many epochs raise the validation loss. Its accuracy says nothing about
what a real model would reach.
"""

from starlette.routing import BaseRoute

from guard.sandbox.world import World


def routes(world: World) -> list[BaseRoute]:
    """No routes: the stand-in answers for the models that others serve."""
    from guard.sandbox.learn.vertex import Responders

    world.responders = Responders(world)
    return []
