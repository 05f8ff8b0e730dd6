"""Taking over what exists: options that import a resource as it is, so that a later `up` makes it like the rest."""

from collections.abc import Sequence

import pulumi


def adoption(found: str | None, *, adopting: bool, fixed: Sequence[str] = ()) -> pulumi.ResourceOptions:
    """Options for a resource that exists under the id `found`; none for a new one.

    While `adopting`, the resource is imported and nothing about it is changed: the engine refuses an import whose inputs differ
    from what is there. Afterwards it is updated like the rest, but for `fixed`, whose change would replace it.
    """
    if found is None:
        return pulumi.ResourceOptions()
    if adopting:
        return pulumi.ResourceOptions(import_=found, ignore_changes=["*"])
    return pulumi.ResourceOptions(ignore_changes=list(fixed))
