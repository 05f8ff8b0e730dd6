"""The platform's budget, and the topic and subscription by which the guard hears of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import pulumi
import pulumi_gcp as gcp

from infra.specs import BudgetSpec

BUDGET_PUBLISHER = "serviceAccount:billing-budget-alert@system.gserviceaccount.com"
"""Who publishes notices.

Source: https://docs.cloud.google.com/billing/docs/how-to/budgets-programmatic-notifications, read 2026-11-24.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetTopicArgs:
    """`reader` is the guard's member, or None where the stack has no identity."""

    prefix: str
    project: str
    budget: BudgetSpec
    labels: Mapping[str, str]
    reader: pulumi.Input[str] | None


class BudgetTopic(pulumi.ComponentResource):
    """One budget for the project.

    Children: `{name}` (topic), `{name}-publisher`, `{name}-guard` (subscription), `{name}-reader`, `{name}-provider`,
    `{name}-budget`. Outputs: `topic`, `subscription`, `budget` (full names).
    """

    def __init__(self, name: str, args: BudgetTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:budget:BudgetTopic", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = gcp.pubsub.Topic(
            name, name=f"{args.prefix}-budget", project=args.project, labels=dict(args.labels), opts=child
        )
        gcp.pubsub.TopicIAMMember(
            f"{name}-publisher",
            project=args.project,
            topic=topic.name,
            role="roles/pubsub.publisher",
            member=BUDGET_PUBLISHER,
            opts=child,
        )
        subscription = gcp.pubsub.Subscription(
            f"{name}-guard",
            name=f"{args.prefix}-budget-guard",
            project=args.project,
            topic=topic.id,
            ack_deadline_seconds=60,
            message_retention_duration="604800s",
            # Never: a guard that was paused for a month would otherwise find its subscription deleted.
            expiration_policy={"ttl": ""},
            labels=dict(args.labels),
            opts=child,
        )
        if args.reader is not None:
            gcp.pubsub.SubscriptionIAMMember(
                f"{name}-reader",
                project=args.project,
                subscription=subscription.name,
                role="roles/pubsub.subscriber",
                member=args.reader,
                opts=child,
            )
        self.topic = topic.id
        self.subscription = subscription.id
        self.budget = self._budget(name, args, topic).id
        self.register_outputs({"topic": self.topic, "subscription": self.subscription, "budget": self.budget})

    def _budget(self, name: str, args: BudgetTopicArgs, topic: gcp.pubsub.Topic) -> gcp.billing.Budget:
        # The budgets API answers 403 to a person's own credentials without a quota project (billing.Budget's documentation).
        provider = gcp.Provider(
            f"{name}-provider",
            project=args.project,
            user_project_override=True,
            billing_project=args.project,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # By its number: the API answers with numbers, and an id here would be drift for ever.
        number = gcp.organizations.get_project_output(
            project_id=args.project, opts=pulumi.InvokeOutputOptions(parent=self)
        ).number
        whole = int(args.budget.monthly)
        nanos = int((args.budget.monthly - whole) * Decimal(10**9))
        return gcp.billing.Budget(
            f"{name}-budget",
            display_name=args.prefix,
            billing_account=args.budget.billing_account,
            amount={"specified_amount": {"currency_code": args.budget.currency, "units": str(whole), "nanos": nanos}},
            budget_filter={"projects": [pulumi.Output.concat("projects/", number)], "calendar_period": "MONTH"},
            threshold_rules=[
                {
                    "threshold_percent": float(threshold.share),
                    "spend_basis": "FORECASTED_SPEND" if threshold.forecast else "CURRENT_SPEND",
                }
                for threshold in args.budget.thresholds
            ],
            all_updates_rule={"pubsub_topic": topic.id, "schema_version": "1.0"},
            opts=pulumi.ResourceOptions(parent=self, provider=provider),
        )
