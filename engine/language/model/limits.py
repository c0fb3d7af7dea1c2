"""The words of `rate_limits`: buckets, plans, and buckets of points that the vendor's answers tell of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from engine.language.model import words as w
from engine.language.model.shapes import OneOrMore
from engine.language.model.units import Rate
from engine.language.model.words import Words
from engine.language.text.document import RATE, TOLD
from engine.language.text.mistakes import Misfit


class PointBucket(Words):
    """A bucket of points that the answers tell of."""

    left: w.JMESPath = Field(description="How many points are left.", examples=["throttle.left"])
    refill: w.JMESPath = Field(description="How many points come back in a second.", examples=["throttle.refill"])
    cost: w.JMESPath = Field(description="How many points this request took.", examples=["throttle.cost"])

    @model_validator(mode="before")
    @classmethod
    def no_plans(cls, value: Any) -> Any:
        """Refuse maps of buckets, which stand under `plans`."""
        if isinstance(value, dict) and value and all(isinstance(one, dict) for one in value.values()):
            message = "a bucket that holds buckets"
            raise Misfit(message, "did you mean `plans`?")
        return value


def _limit(value: Any) -> str:
    return TOLD if isinstance(value, dict) else RATE


Limit = Annotated[Annotated[w.RateLimit, Tag(RATE)] | Annotated[PointBucket, Tag(TOLD)], Discriminator(_limit)]


BUCKET: dict[str, Any] = {
    "description": "A bucket, by a name of your choice: a limit, several that hold at once, or one that the answers tell of. "
    "Every request draws on `all`, and on the one that its `bucket` names.",
    "examples": [
        "30/s",
        ["100/10s", "6000/day"],
        "10 at once",
        "50/min each",
        {"left": "throttle.left", "refill": "throttle.refill", "cost": "throttle.cost"},
    ],
}


def _describe(schema: dict[str, Any]) -> None:
    schema["additionalProperties"] |= BUCKET


class RateLimits(Words):
    """Buckets, or plans that each have buckets; the first plan is assumed."""

    model_config = ConfigDict(extra="allow", frozen=True, arbitrary_types_allowed=True, json_schema_extra=_describe)
    __pydantic_extra__: dict[str, Annotated[tuple[Limit, ...], OneOrMore()]] = Field(init=False)

    plans: dict[w.Name, dict[w.Name, Annotated[tuple[w.RateLimit, ...], OneOrMore()]]] = Field(
        default={},
        description="Buckets by the account's plan.",
        examples=[{"small": {"slow": "1/s"}, "large": {"slow": ["10/s", "10 at once"]}}],
    )

    @property
    def buckets(self) -> dict[str, tuple[Rate | PointBucket, ...]]:
        """Give the buckets that hold for every plan."""
        return dict(self.__pydantic_extra__ or {})

    def points_of(self, bucket: str | None) -> PointBucket | None:
        """Give how the answers tell of a bucket, or of the one that holds for all; None where they do not."""
        limits = (*self.buckets.get(bucket or "all", ()), *self.buckets.get("all", ()))
        return next((one for one in limits if isinstance(one, PointBucket)), None)
