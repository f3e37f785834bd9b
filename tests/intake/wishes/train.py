"""Learn the weights of suggestion from the labelled wishes, and write them: `make train-suggestions`.

For each case type a logistic regression over the features of a wish (`rules/suggestion/learned.py`). The rules have
seen the familiar sets, so what is enough, alone and with the rules, is chosen on the strange ones alone, each scored by
weights that were learned without it. The same sets give the same file, letter by letter.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from services.intake.model.suggestion import ZERO, WeightTable
from services.intake.rules.suggestion.learned import FIFTH, Learned, breadth, features
from services.intake.rules.suggestion.weighing import Heard, Rules
from services.intake.store.datafiles import DATA, WEIGHTS, read_case_types, read_rulesets
from tests.intake.wishes.measure import ON, share
from tests.intake.wishes.training_sets import FAMILIAR, STRANGE, digest, wishes_in

FEWEST_WISHES, SIGN_COUNTS, STRANGE_COUNTS, CLOSENESS = 5, 1.5, 1.5, 20.0
"""A feature is of so many wishes; how much a sign counts beside a piece of a word, and a strange wish beside others."""
PRECISION = 0.82
"""How right suggestions shall be on wishes of strangers."""
DENIED_BY = {"alcohol": ("serv_stad", "serv_tillf")}
MOST = (ord("!") - ZERO, ord("~") - ZERO)
"""What letters can say."""
CANDIDATES = range(-250, 251, 10)


@dataclass(frozen=True)
class Wish:
    """A labelled wish as the rules hear it."""

    labels: frozenset[str]
    heard: Heard
    features: frozenset[str]
    counts: float

    @property
    def said(self) -> frozenset[str]:
        """What the rules say of it."""
        return frozenset(one.case_type for one in self.heard.types)


@dataclass(frozen=True)
class Scored:
    """The scores of wishes for every case type, whether the rules say it, and whether it is a label."""

    scores: NDArray[np.int64]
    said: NDArray[np.bool_]
    labels: NDArray[np.bool_]

    def figures(self, enough: int, with_rules: int) -> tuple[float, float]:
        """Recall and precision when so much is enough alone, and with the rules."""
        heard = self.scores >= np.where(self.said, with_rules, enough)
        right = int((heard & self.labels).sum())
        return share(right, int(self.labels.sum()) - right), share(right, int(heard.sum()) - right)


def read(rules: Rules, name: str) -> Sequence[Wish]:
    """The wishes of a set."""
    counts = STRANGE_COUNTS if name in STRANGE else 1.0
    heard = [(frozenset(one["case_types"]), rules.hear(one["text"])) for one in wishes_in(name)]
    return [Wish(labels, one, features(one.seen), counts) for labels, one in heard]


def learned(wishes: Sequence[Wish], codes: Sequence[str]) -> WeightTable:
    """The weights that some wishes teach, with nothing said yet of what is enough."""
    values = _values(wishes)
    matrix, scale = _matrix(wishes, values)
    models = [_fitted(matrix, [code in wish.labels for wish in wishes], wishes) for code in codes]
    coefficients = np.array([model.coef_[0] for model in models]) * np.array(list(values.values())) * scale
    fifths = np.clip(np.rint(100 / FIFTH * coefficients).astype(int), *MOST).T.tolist()
    return WeightTable(
        version=f"{ON}", valid_from=ON.replace(year=2025, month=1, day=1), sureness="U", learned_from=digest(),
        enough=0, enough_with_rules=0, denied_by=DENIED_BY, case_types=tuple(codes),
        bias=tuple(round(100 * float(model.intercept_[0])) for model in models),
        weights=tuple(_line(*one) for one in sorted(zip(values, fifths, strict=True)) if any(one[1])),
    )  # fmt: skip


def _line(feature: str, row: Sequence[int]) -> str:
    return f"{feature} {''.join(chr(ZERO + weight) for weight in row)}"


def _fitted(matrix: csr_matrix, labels: Sequence[bool], wishes: Sequence[Wish]) -> LogisticRegression:
    model = LogisticRegression(C=CLOSENESS, class_weight="balanced", solver="liblinear", intercept_scaling=10)
    return model.fit(matrix, labels, [wish.counts for wish in wishes])


def _values(wishes: Sequence[Wish]) -> Mapping[str, float]:
    """What a feature counts for: the rarer, the more."""
    among = Counter(feature for wish in wishes for feature in wish.features)
    rarity = {
        one: log((1 + len(wishes)) / (1 + among[one])) + 1 for one in sorted(among) if among[one] >= FEWEST_WISHES
    }
    return {one: value * (SIGN_COUNTS if one.startswith("#") else 1) for one, value in rarity.items()}


def _matrix(wishes: Sequence[Wish], values: Mapping[str, float]) -> tuple[csr_matrix, float]:
    """One row a wish, so scaled that a row's length is about one; and that scale."""
    places = {feature: at for at, feature in enumerate(values)}
    cells = [
        (row, places[one], values[one] / breadth(wish.heard.seen))
        for row, wish in enumerate(wishes)
        for one in sorted(wish.features & places.keys())
    ]
    rows, columns, numbers = (np.array(one) for one in zip(*cells, strict=True))
    scale = float(np.sqrt(len(wishes) / (numbers**2).sum()))
    return csr_matrix((numbers * scale, (rows, columns)), shape=(len(wishes), len(values))), scale


def scored(wishes: Sequence[Wish], table: WeightTable) -> Scored:
    """The scores of wishes by a table, as the product has them."""
    ready, codes = Learned(table), table.case_types
    scores = [ready.scores(wish.heard.seen) for wish in wishes]
    return Scored(
        np.array([[one[code] for code in codes] for one in scores]),
        np.array([[code in wish.said for code in codes] for wish in wishes]),
        np.array([[code in wish.labels for code in codes] for wish in wishes]),
    )


def held_out(sets: Mapping[str, Sequence[Wish]], codes: Sequence[str]) -> Iterator[Scored]:
    """Each set of the strange ones, scored by what all the others teach."""
    for name in STRANGE:
        others = [wish for other, wishes in sets.items() if other != name for wish in wishes]
        yield scored(sets[name], learned(others, codes))


def chosen(all_of: Scored) -> tuple[int, int]:
    """What is enough alone, and with the rules: the most recall that is right often enough."""
    pairs = [(enough, with_rules) for enough, with_rules in product(CANDIDATES, CANDIDATES) if enough >= with_rules]
    right = [(all_of.figures(*pair), pair) for pair in pairs]
    return max((one for one in right if one[0][1] >= PRECISION), default=right[-1])[1]


def written(table: WeightTable) -> str:
    """A table as its file has it: one line a feature."""
    head = {
        "version": table.version, "valid_from": f"{table.valid_from}", "sureness": table.sureness,
        "learned_from": table.learned_from, "enough": table.enough, "enough_with_rules": table.enough_with_rules,
        "denied_by": table.denied_by, "case_types": table.case_types, "bias": table.bias,
    }  # fmt: skip
    members = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items())
    lines = ",\n".join(json.dumps(line, ensure_ascii=False) for line in table.weights)
    return f'[\n{{\n{members},\n"weights": [\n{lines}\n]\n}}\n]\n'


def main() -> None:
    """Learn, choose what is enough, and write; print the figures of each set by what all the others teach."""
    types = read_case_types()
    rules = Rules(read_rulesets(types)[0])
    sets = {name: read(rules, name) for name in (*FAMILIAR, *STRANGE)}
    codes = sorted(types.all_in_force("", ON))
    by_set = list(held_out(sets, codes))
    both = Scored(*(np.vstack([getattr(one, part) for one in by_set]) for part in ("scores", "said", "labels")))
    enough, with_rules = chosen(both)
    for name, one in (*zip(STRANGE, by_set, strict=True), ("all of them", both)):
        recall, precision = one.figures(enough, with_rules)
        sys.stdout.write(f"{name}, learned from the others: recall {recall:.3f}, precision {precision:.3f}\n")
    table = learned([wish for wishes in sets.values() for wish in wishes], codes)
    (DATA / WEIGHTS).write_text(written(replace(table, enough=enough, enough_with_rules=with_rules)), "utf-8")


if __name__ == "__main__":
    main()
