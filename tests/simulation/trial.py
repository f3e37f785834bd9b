"""A script tried: played, judged, and, when a promise was broken, told in the fewest words."""

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b

from tests.simulation.referee import judged
from tests.simulation.script import Script, script
from tests.simulation.shrink import shrunk
from tests.simulation.world import World, played


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a script."""

    breaches: tuple[str, ...]
    befell: Counter[str]
    world: World

    @property
    def course(self) -> list[str]:
        """Every call to a server, for people."""
        return self.world.told

    @property
    def fingerprint(self) -> str:
        """The same for the same course."""
        return blake2b("\n".join(self.course).encode(), digest_size=8).hexdigest()


def tried(one: Script) -> Trial:
    """Play and judge it."""
    world = played(one)
    return Trial(tuple(judged(one, world)), _befell(world), world)


def _befell(world: World) -> Counter[str]:
    """What happened, for the table: a kind of trouble that never comes shows there."""
    befell = world.befell + Counter(f"record: {put.trouble or 'well'}" for put in world.script.puts)
    befell["record: again"] = sum(put.again for put in world.script.puts)
    befell["door"] = len(world.script.asks)
    befell["calls to servers"] = len(world.trace)
    befell["producers fenced"] = world.broker.fenced
    befell["partitions shared anew"] = sum(group.changes for group in world.broker.groups.values())
    for row in world.servers["sorting"].all("parked"):
        befell[f"kept aside: {row['outcome'] if not row['open'] else row['kind']}"] += 1
    return befell


def report(seed: int) -> str:
    """The broken promise of a seed: the smallest script that breaks one, and how to see it again."""
    small = shrunk(script(seed), lambda one: bool(tried(one).breaches))
    breaches = tried(small).breaches or tried(script(seed)).breaches
    return "\n".join([f"\nA promise is broken: {breaches[0]}", small.told(), f"make simulate SEED={seed}", ""])
