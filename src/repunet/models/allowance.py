"""Limits of what a run may ask for and spend; none of them changes what an answer is."""

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Count: TypeAlias = Annotated[int, Field(ge=1, le=2**53)]
Amount: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Allowance(BaseModel):
    """Limits to the pace and the cost of asking language models; None is no limit.

    They are declared here alone: specs, options of commands and their help are made from them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    concurrency: Count | None = Field(
        default=None, description="Number of answers awaited at once; changes no result."
    )
    requests_per_minute: Count | None = Field(
        default=None, description="Number of requests sent in a minute, to each server."
    )
    tokens_per_minute: Count | None = Field(
        default=None, description="Number of tokens used in a minute, of each server."
    )
    deadline: Seconds = Field(
        default=600.0, description="Seconds after which a question is given up."
    )
    timeout: Seconds = Field(
        default=300.0, description="Seconds after which an attempt is given up."
    )
    budget: Amount | None = Field(default=None, description="Dollars to spend at most.")
    max_calls: Count | None = Field(
        default=None, description="Number of requests to send at most, refused ones not counted."
    )
    max_total_tokens: Count | None = Field(
        default=None, description="Number of tokens to use at most, in and out."
    )
    threads: Count | None = Field(
        default=None,
        description="Number of threads that a model on this machine computes with; default what "
        "suits it.",
    )
    slots: Count | None = Field(
        default=None,
        description="Number of requests that a model on this machine works on at once.",
    )
