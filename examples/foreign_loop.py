"""A marketplace of plain Python agents, in a loop of its own, that takes RepuNet as a layer.

`python examples/foreign_loop.py [FOLDER]`; stopped at any moment and begun again there, it goes on
with the first deal that the layer does not know of.
"""
# ruff: noqa: T201, TID251

import asyncio
import random
import sys
from dataclasses import dataclass

from repunet.layer import Deed, Layer

DAYS = 6
SELLERS = {"ann": 1.0, "bea": 0.8, "cid": 0.1}  # how much of what was paid for each delivers
BUYERS = ["dan", "eve", "fay", "gus"]


@dataclass
class Deal:
    """What the marketplace itself knows of a sale."""

    number: str
    buyer: str
    seller: str
    delivered: float


def trade(number: str, buyer: str, trusted: list[str]) -> Deal:
    """Let a buyer go to a seller that it trusts, else to any; sellers deliver as they are."""
    luck = random.Random(number)
    seller = trusted[0] if trusted and luck.random() < 0.8 else luck.choice(list(SELLERS))
    return Deal(number, buyer, seller, SELLERS[seller])


async def main(place: str) -> None:
    """Trade for some days; in the evenings there is gossip."""
    async with Layer.open(place, [*SELLERS, *BUYERS], roles=("seller", "buyer")) as layer:
        for day in range(1, DAYS + 1):
            for buyer in BUYERS:
                if (number := f"deal-{day}-{buyer}") in layer:
                    continue
                trusted = [who.agent for who in layer.partners(buyer, "seller")]
                deal = trade(number, buyer, trusted)
                move = f"deliver {deal.delivered:.0%} of what was paid for"
                sold = Deed(deal.seller, "seller", cooperation=deal.delivered, move=move)
                paid = Deed(buyer, "buyer", cooperation=1.0, move="pay")
                await layer.encounter(id=number, acts=[sold, paid])
                print(f"day {day}: {buyer} buys from {deal.seller}")
            await layer.gossip(id=f"evening-{day}")
        for seller in SELLERS:
            print(f"{seller} stands at {layer.standing(seller, 'seller') or 0.0:+.2f}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "marketplace"))
