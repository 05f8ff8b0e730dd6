"""The closed lists of reasons that every surface speaks: ledger column, metric label, log key, web filter.

An action carries a RemoveReason and nothing else, so "metrics missing" cannot delete anything: the types refuse.
`MEANING` gives one line for each member, `WAY_OUT` what a person can do about a block or an unknown; the reference page
docs/reference/reasons.md is compared with both by a test.
"""

from __future__ import annotations

from enum import StrEnum


class KeepReason(StrEnum):
    """Why a thing stays."""

    # kept because it is known to be wanted or free
    IN_USE = "in_use"
    WAITING = "waiting"
    NEVER = "never"
    KEPT_BY_PERSON = "kept_by_person"
    KEPT_BY_LABEL = "kept_by_label"
    LABEL_NOT_UNDERSTOOD = "label_not_understood"
    YOUNG = "young"
    NOT_ENROLLED = "not_enrolled"
    NO_POLICY = "no_policy"
    STAGE_NOT_OPTED_IN = "stage_not_opted_in"
    GUARD_ITSELF = "guard_itself"
    MANAGED_BY_IAC = "managed_by_iac"
    NOT_BILLED = "not_billed"
    PER_TOKEN = "per_token"  # noqa: S105  # a reason, not a secret
    SCALED_TO_ZERO = "scaled_to_zero"
    DEPLOYING = "deploying"
    OPERATION_RUNNING = "operation_running"
    SIBLING_IN_USE = "sibling_in_use"
    DEPLOYED = "deployed"
    RECIPE_LIVE = "recipe_live"
    JOB_RUNNING = "job_running"
    JOB_ENDED = "job_ended"
    RESTORED_RECENTLY = "restored_recently"
    # kept because it is not known
    METRICS_MISSING = "metrics_missing"
    METRICS_STALE = "metrics_stale"
    METRICS_PARTIAL = "metrics_partial"
    NOT_LIVE = "not_live"
    WITNESS_MISSING = "witness_missing"
    WITNESS_DISAGREES = "witness_disagrees"
    BILLING_UNKNOWN = "billing_unknown"
    PRICE_UNKNOWN = "price_unknown"
    STATE_UNKNOWN = "state_unknown"
    LISTING_FAILED = "listing_failed"
    AGE_UNKNOWN = "age_unknown"

    @property
    def is_unknown(self) -> bool:
        """True where the thing stays because something could not be found out."""
        return self in _UNKNOWN


_UNKNOWN = frozenset(
    {
        KeepReason.METRICS_MISSING,
        KeepReason.METRICS_STALE,
        KeepReason.METRICS_PARTIAL,
        KeepReason.NOT_LIVE,
        KeepReason.WITNESS_MISSING,
        KeepReason.WITNESS_DISAGREES,
        KeepReason.BILLING_UNKNOWN,
        KeepReason.PRICE_UNKNOWN,
        KeepReason.STATE_UNKNOWN,
        KeepReason.LISTING_FAILED,
        KeepReason.AGE_UNKNOWN,
    }
)


class RemoveReason(StrEnum):
    """Why a thing may go. An action can carry only one of these."""

    IDLE = "idle"
    POOL_IDLE = "pool_idle"
    ONLY_PROBES = "only_probes"
    ONLY_FAILING = "only_failing"
    ROLLOUT_LEFTOVER = "rollout_leftover"
    ENDPOINT_EMPTY = "endpoint_empty"
    MODEL_UNUSED = "model_unused"
    FILE_UNUSED = "file_unused"
    TUNING_LEFTOVER = "tuning_leftover"
    JOB_STALLED = "job_stalled"
    JOB_OVER_TIME = "job_over_time"
    JOB_OVER_ESTIMATE = "job_over_estimate"
    JOB_OVER_BUDGET = "job_over_budget"
    ASKED_BY_PERSON = "asked_by_person"


class BlockReason(StrEnum):
    """Why something that may go does not go now."""

    OBSERVE_MODE = "observe_mode"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    NOTICE_NOT_DELIVERED = "notice_not_delivered"
    NOTICE_RUNNING = "notice_running"
    OUTSIDE_ACT_WINDOW = "outside_act_window"
    THROTTLED = "throttled"
    BREAKER = "breaker"
    INSTRUMENTS_DOUBTFUL = "instruments_doubtful"
    PAUSED = "paused"
    KEPT = "kept"
    NOT_LEADER = "not_leader"
    LEASE_SHORT = "lease_short"
    NO_CLAIM = "no_claim"
    LEDGER_NOT_ADOPTED = "ledger_not_adopted"
    LEDGER_NOT_DURABLE = "ledger_not_durable"
    CHANGED_SINCE_PLAN = "changed_since_plan"
    CONFIG_CHANGED = "config_changed"
    NO_RECIPE = "no_recipe"
    ACCEPTANCE_MISSING = "acceptance_missing"
    ALREADY_RUNNING = "already_running"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    PLATFORM_REFUSED = "platform_refused"
    NO_CAPACITY_TO_RESTORE = "no_capacity_to_restore"
    UNKNOWN_OUTCOME = "unknown_outcome"
    LARGE_WIDENING = "large_widening"
    BACKTEST_NOT_ACCEPTED = "backtest_not_accepted"


MEANING: dict[KeepReason | RemoveReason | BlockReason, str] = {
    KeepReason.IN_USE: "It was called within its wait.",
    KeepReason.WAITING: "It is silent, but not yet for as long as its wait.",
    KeepReason.NEVER: "Its policy says never, or gives no cost of a wrong removal and no fixed wait.",
    KeepReason.KEPT_BY_PERSON: "Somebody said keep, with a name, a reason and an end.",
    KeepReason.KEPT_BY_LABEL: "A tuneguard label on the resource says keep.",
    KeepReason.LABEL_NOT_UNDERSTOOD: "A label begins with tuneguard and is not understood; it is read as keep.",
    KeepReason.YOUNG: "It is younger than its grace period, or younger than its own wait.",
    KeepReason.NOT_ENROLLED: "Its project is not enrolled.",
    KeepReason.NO_POLICY: "No policy matches it.",
    KeepReason.STAGE_NOT_OPTED_IN: "It is idle, but its policy does not opt in to removing it.",
    KeepReason.GUARD_ITSELF: "The guard runs on it.",
    KeepReason.MANAGED_BY_IAC: "An infrastructure-as-code tool manages the shell, so the shell stays.",
    KeepReason.NOT_BILLED: "It costs nothing by the hour; removing it is housekeeping, which is off.",
    KeepReason.PER_TOKEN: "It bills by tokens, not by the hour; an idle one costs nothing.",
    KeepReason.SCALED_TO_ZERO: "It has scaled itself to zero replicas and costs nothing now.",
    KeepReason.DEPLOYING: "It is being deployed right now.",
    KeepReason.OPERATION_RUNNING: "An operation on it is in progress.",
    KeepReason.SIBLING_IN_USE: "It has a traffic share and another model on its endpoint is in use.",
    KeepReason.DEPLOYED: "It is deployed somewhere.",
    KeepReason.RECIPE_LIVE: "A recipe that can still be restored names it.",
    KeepReason.JOB_RUNNING: "The tuning job is running as expected.",
    KeepReason.JOB_ENDED: "The tuning job has ended.",
    KeepReason.RESTORED_RECENTLY: "It was restored and is in its grace.",
    KeepReason.METRICS_MISSING: "No complete usage data for it since it was deployed.",
    KeepReason.METRICS_STALE: "The usage data ends too long ago.",
    KeepReason.METRICS_PARTIAL: "Pages, series or permissions were missing from the usage data.",
    KeepReason.NOT_LIVE: "Monitoring shows no replicas for it, so zero requests prove nothing.",
    KeepReason.WITNESS_MISSING: "No resource witness (duty cycle, CPU, network) confirms the silence.",
    KeepReason.WITNESS_DISAGREES: "The request count says silent, the machines say busy.",
    KeepReason.BILLING_UNKNOWN: "How it bills could not be told.",
    KeepReason.PRICE_UNKNOWN: "Its price is unknown, so no break-even wait can be computed.",
    KeepReason.STATE_UNKNOWN: "The platform reports a state that the guard does not know.",
    KeepReason.LISTING_FAILED: "Its project and location could not be listed completely.",
    KeepReason.AGE_UNKNOWN: "The platform gave no creation time for it.",
    RemoveReason.IDLE: "Silent for longer than its wait.",
    RemoveReason.POOL_IDLE: "Every model that shares the pool is silent for longer than its wait.",
    RemoveReason.ONLY_PROBES: "Nothing but the declared probes called it for longer than its wait.",
    RemoveReason.ONLY_FAILING: "Every call failed for longer than its wait.",
    RemoveReason.ROLLOUT_LEFTOVER: "A roll-out left it with no share of the traffic.",
    RemoveReason.ENDPOINT_EMPTY: "The endpoint has had no deployed model for longer than its wait.",
    RemoveReason.MODEL_UNUSED: "The model has been deployed nowhere for longer than its wait.",
    RemoveReason.FILE_UNUSED: "No job has read the file for longer than its wait.",
    RemoveReason.TUNING_LEFTOVER: "A checkpoint endpoint that a tuning job left behind.",
    RemoveReason.JOB_STALLED: "The tuning job has shown no progress for too long.",
    RemoveReason.JOB_OVER_TIME: "The tuning job runs much longer than expected.",
    RemoveReason.JOB_OVER_ESTIMATE: "The tuning job costs more than its estimate allows.",
    RemoveReason.JOB_OVER_BUDGET: "A budget was crossed at which guard.yaml says to cancel this job.",
    RemoveReason.ASKED_BY_PERSON: "A person asked for it to go; the same rules apply.",
    BlockReason.OBSERVE_MODE: "The guard observes and changes nothing.",
    BlockReason.WAITING_FOR_APPROVAL: "A person has to approve it first.",
    BlockReason.NOTICE_NOT_DELIVERED: "The notice has not been delivered yet.",
    BlockReason.NOTICE_RUNNING: "The notice has been delivered; its time is not over.",
    BlockReason.OUTSIDE_ACT_WINDOW: "The policy acts at certain hours only.",
    BlockReason.THROTTLED: "The limit of removals for this period is used up; the dearest go first.",
    BlockReason.BREAKER: "The run selected far more than usual, so it removes nothing.",
    BlockReason.INSTRUMENTS_DOUBTFUL: "The instruments in this project and location are in doubt.",
    BlockReason.PAUSED: "Somebody paused the guard.",
    BlockReason.KEPT: "Somebody said keep after the plan was made.",
    BlockReason.NOT_LEADER: "Another daemon holds the lease.",
    BlockReason.LEASE_SHORT: "The lease has less left than one call may take.",
    BlockReason.NO_CLAIM: "This ledger holds no claim on the project.",
    BlockReason.LEDGER_NOT_ADOPTED: "The ledger is new or restored and nobody has adopted it.",
    BlockReason.LEDGER_NOT_DURABLE: "The ledger would not outlive the process.",
    BlockReason.CHANGED_SINCE_PLAN: "It changed, or was used, since it was judged.",
    BlockReason.CONFIG_CHANGED: "The configuration changed since it was judged.",
    BlockReason.NO_RECIPE: "No recipe could be made from which it can be restored.",
    BlockReason.ACCEPTANCE_MISSING: "It cannot be undone, and nobody has accepted that.",
    BlockReason.ALREADY_RUNNING: "An act on it has started and is not settled.",
    BlockReason.ATTEMPTS_EXHAUSTED: "It was tried as often as is allowed.",
    BlockReason.PLATFORM_REFUSED: "The platform refused.",
    BlockReason.NO_CAPACITY_TO_RESTORE: "A restore of this machine type found no capacity here; its like stays.",
    BlockReason.UNKNOWN_OUTCOME: "What became of the last attempt is not known yet.",
    BlockReason.LARGE_WIDENING: "A change made many things removable at once; a person has to look first.",
    BlockReason.BACKTEST_NOT_ACCEPTED: "Its policy learns its waits, and nobody has accepted what that would have done.",
}

WAY_OUT: dict[KeepReason | BlockReason, str] = {
    KeepReason.LABEL_NOT_UNDERSTOOD: "Correct the label: tuneguard-keep-until=YYYY-MM-DD or tuneguard-keep=true.",
    KeepReason.NO_POLICY: "Add a policy that matches it to guard.yaml.",
    KeepReason.METRICS_MISSING: "Check monitoring.timeSeries.list with `tuneguard doctor`.",
    KeepReason.METRICS_STALE: "Nothing to do if it passes; else check Cloud Monitoring with `tuneguard doctor`.",
    KeepReason.METRICS_PARTIAL: "Check monitoring permissions with `tuneguard doctor`.",
    KeepReason.NOT_LIVE: "Look whether the model has replicas; a broken deployment can be undeployed by hand.",
    KeepReason.WITNESS_MISSING: "Check that CPU, duty cycle or network metrics reach Cloud Monitoring.",
    KeepReason.WITNESS_DISAGREES: "Look for traffic that is not counted (private access, batch, a busy container).",
    KeepReason.BILLING_UNKNOWN: "Report it: the guard does not know this kind of deployment.",
    KeepReason.PRICE_UNKNOWN: "Give the policy a fixed wait, or add the price in guard.yaml under prices.",
    KeepReason.STATE_UNKNOWN: "Update the guard; until then it keeps what it does not know.",
    KeepReason.LISTING_FAILED: "Check the permission that `tuneguard doctor` names.",
    KeepReason.AGE_UNKNOWN: "Nothing to do: it is judged once the platform gives a creation time.",
    BlockReason.OBSERVE_MODE: "Set mode: approve or mode: enforce in guard.yaml.",
    BlockReason.WAITING_FOR_APPROVAL: "tuneguard approve NAME",
    BlockReason.NOTICE_NOT_DELIVERED: "Check the notify URL with `tuneguard doctor`; the fallback is told meanwhile.",
    BlockReason.NOTICE_RUNNING: "Wait, or `tuneguard keep NAME`.",
    BlockReason.OUTSIDE_ACT_WINDOW: "Wait for the window, or change act_during.",
    BlockReason.THROTTLED: "Wait, or raise limits in guard.yaml.",
    BlockReason.BREAKER: "Look at `tuneguard plan`, then `tuneguard approve --breaker`.",
    BlockReason.INSTRUMENTS_DOUBTFUL: "Wait for recovery, or `tuneguard approve --scope SCOPE` after looking.",
    BlockReason.PAUSED: "tuneguard resume",
    BlockReason.KEPT: "Nothing to do; `tuneguard unkeep NAME` ends the keep.",
    BlockReason.NOT_LEADER: "Nothing to do: the other daemon acts.",
    BlockReason.LEASE_SHORT: "Nothing to do: the next cycle renews it.",
    BlockReason.NO_CLAIM: "tuneguard db adopt, or point this guard at the ledger that holds the claim.",
    BlockReason.LEDGER_NOT_ADOPTED: "tuneguard db adopt",
    BlockReason.LEDGER_NOT_DURABLE: "Use PostgreSQL, or a disk that outlives the process (ledger: in guard.yaml).",
    BlockReason.CHANGED_SINCE_PLAN: "Nothing to do: the next cycle judges it afresh.",
    BlockReason.CONFIG_CHANGED: "Nothing to do: the next cycle judges it afresh.",
    BlockReason.NO_RECIPE: "See `tuneguard explain NAME` for what the recipe lacks.",
    BlockReason.ACCEPTANCE_MISSING: "tuneguard approve NAME --accept-loss",
    BlockReason.ALREADY_RUNNING: "Nothing to do: the next cycle asks the platform.",
    BlockReason.ATTEMPTS_EXHAUSTED: "Look at `tuneguard history NAME`, then `tuneguard approve NAME`.",
    BlockReason.PLATFORM_REFUSED: "See the platform's answer in `tuneguard history NAME`.",
    BlockReason.NO_CAPACITY_TO_RESTORE: "Wait until the pending restore has succeeded.",
    BlockReason.UNKNOWN_OUTCOME: "Nothing to do: the next cycle asks the platform.",
    BlockReason.LARGE_WIDENING: "Look at `tuneguard plan`, then `tuneguard approve --widening`.",
    BlockReason.BACKTEST_NOT_ACCEPTED: "Look at `tuneguard backtest`, then `tuneguard backtest --accept POLICY`.",
}
