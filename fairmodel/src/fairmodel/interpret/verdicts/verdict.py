"""A verdict in words, made from the numbers of the other parts: what matters, how sure that is, whom to believe."""

from collections.abc import Iterator

from ...present.tables import MINUS, Cell, Column, Measured, Table
from ..parts import Context, Findings
from .evidence import ERRORS, LARGEST_REMAINS, MOST_BEATEN, MethodEvidence, VerdictEvidence
from .sample import listed

__all__ = ["explain_verdict", "sentences"]

FIRST = 5
STRONG = 0.8  # correlation from which on two features can stand in for each other
NEEDED = ("permutation", "attributions", "removal", "randomisation", "retrainings", "correlations")
LEAST_LOSS = 1e-3  # of AUC, below which a feature may be shuffled as one likes
NOTE = (
    f"A method passes if the gain of its order is more than {ERRORS:g} errors above zero and beaten by no more than "
    f"{100 * MOST_BEATEN:.0f} % of random orders, and if its rank correlation with itself is at most "
    f"{LARGEST_REMAINS:g} when all weights are random."
)


def explain_verdict(context: Context) -> Findings:
    """The verdict as paragraphs, and a table of which method passed which test."""
    evidence = VerdictEvidence.of_findings({name: context.findings(name) for name in NEEDED})
    return Findings([_table(evidence)], paragraphs=list(sentences(evidence)))


def sentences(evidence: VerdictEvidence) -> Iterator[str]:
    """The verdict, a paragraph at a time."""
    yield _what_matters(evidence)
    yield _how_sure(evidence)
    yield from _unneeded(evidence)
    yield from _interchangeable(evidence)
    yield _agreement(evidence)
    yield _tests(evidence)


def _what_matters(evidence: VerdictEvidence) -> str:
    shares = evidence.shares
    order = _first(evidence)
    named = listed([f"{evidence.features[place].feature} ({_percent(shares[place])})" for place in order])
    total = sum(shares[place].value for place in order)
    by = listed([evidence.methods[name].label for name in evidence.trusted])
    passed = any(evidence.methods[name].passes for name in evidence.trusted)
    caution = "" if passed else " None of these methods passes its tests, so take this as a guess."
    return (
        f"The network looks most at {named}: together {100 * total:.0f} % of what it makes of the features, "
        f"by {by}.{caution}"
    )


def _how_sure(evidence: VerdictEvidence) -> str:
    order, trusted = _first(evidence), evidence.trusted
    tops = [set(evidence.methods[name].order[: len(order)]) for name in trusted]
    certain = [evidence.features[place].feature for place in order if all(place in top for top in tops)]
    number = {1: "this method puts", 2: "both of these methods put"}.get(
        len(trusted), f"all {len(trusted)} of these methods put"
    )
    if len(certain) == len(order):
        sure = f"{number[0].upper()}{number[1:]} the same {len(order)} features first."
    elif certain:
        sure = f"Of these, {number} only {listed(certain)} among the first {len(order)}."
    else:
        sure = f"There is no feature that {number} among the first {len(order)}."
    return f"{sure} {_losses(evidence, order)} {_retrainings(evidence, order)}"


def _losses(evidence: VerdictEvidence, order: list[int]) -> str:
    """Whether the AUC suffers without the first features."""
    costly = [place for place in order if not _is_unneeded(evidence, place)]
    if not costly:
        return "Shuffling any one of them costs no AUC to speak of."
    worst = max(costly, key=lambda place: evidence.losses[place].value)
    loss = evidence.losses[worst]
    return (
        f"Shuffled one at a time, {len(costly)} of the {len(order)} cost AUC, {evidence.features[worst].feature} most "
        f"({loss.value:.4f} ± {loss.error:.4f})."
    )


def _retrainings(evidence: VerdictEvidence, order: list[int]) -> str:
    name = next((name for name in evidence.trusted if name in evidence.spread), None)
    if name is None:
        return "How much another training would change is not known: there are no retrainings."
    spread = evidence.spread[name]
    widest = max(order, key=lambda place: spread[place].error)
    return (
        f"Over {evidence.trainings} trainings the share of {evidence.features[widest].feature} varies most, "
        f"{_percent(spread[widest])} by {evidence.methods[name].label}."
    )


def _unneeded(evidence: VerdictEvidence) -> Iterator[str]:
    """Features that methods put first although shuffling them costs nothing, nor are there others in their stead."""
    number, trusted = len(_first(evidence)), evidence.trusted
    for place, key in enumerate(evidence.features):
        credited = [name for name, method in evidence.methods.items() if place in method.order[:number]]
        if not credited or not _is_unneeded(evidence, place) or _partner_of(evidence, place):
            continue
        shares = [
            f"{evidence.methods[name].label} ({_percent(evidence.methods[name].shares[place])})" for name in credited
        ]
        everybody = "all methods" if len(credited) == len(evidence.methods) else listed(shares)
        moved = (
            f"{key.feature} can be shuffled without a loss of AUC; that moves the score by {_moved(evidence, place)}"
        )
        if set(credited) & set(trusted):
            yield (
                f"{moved}. Yet it is among the first {number} of {everybody}: the network looks at it, but the "
                "order of its answers rests on other features as well."
            )
        else:
            puts = "puts" if len(shares) == 1 else "put"
            yield (
                f"{moved}. Only {listed(shares)} {puts} it among the first {number}, and no method that is trusted: "
                "more likely a fault of the method than a use of the network."
            )


def _moved(evidence: VerdictEvidence, place: int) -> str:
    return f"{100 * evidence.changes[place]:.1f} % on average"


def _interchangeable(evidence: VerdictEvidence) -> Iterator[str]:
    pairs = {}
    for place in _first(evidence):
        partner = _partner_of(evidence, place)
        if partner is not None:
            names = tuple(sorted((place, partner[0])))
            pairs[names] = f"{listed([evidence.features[each].feature for each in names])} ({_signed(partner[1])})"
    if pairs:
        yield (
            f"Features that correlate strongly can take each other's share: {'; '.join(pairs.values())}. "
            "Read the sum of their shares."
        )


def _agreement(evidence: VerdictEvidence) -> str:
    pairs = sorted(evidence.agreement.items(), key=lambda item: item[1].value)
    (worst, least), (_, most) = pairs[0], pairs[-1]
    labels = listed([evidence.methods[name].label for name in worst])
    return (
        f"The methods' rankings of all features correlate by {_signed(least.value)} to {_signed(most.value)} "
        f"(Spearman); furthest apart are {labels} ({_signed(least.value)} ± {least.error:.2f})."
    )


def _tests(evidence: VerdictEvidence) -> str:
    methods = evidence.methods.values()
    parts = []
    disordered = [f"{each.label} ({_gain(each)})" for each in methods if not each.orders_well]
    if disordered:
        parts.append(f"Removing features in the order of {listed(disordered)} is hardly better than in a random one.")
    deaf = [f"{each.label} ({each.remains.value:.2f})" for each in methods if not each.depends_on_training]
    if deaf:
        parts.append(
            f"{listed(deaf)} hardly depend on what was learned: the number is the rank correlation with a network of "
            "random weights. Do not use them to say what the network has learned."
            if len(deaf) > 1
            else f"{deaf[0]} hardly depends on what was learned: the number is the rank correlation with a network of "
            "random weights. Do not use it to say what the network has learned."
        )
    return " ".join(parts) or "All methods pass the tests of removal and of randomisation."


def _first(evidence: VerdictEvidence) -> list[int]:
    """The first few features of the trusted methods, but no more than half of all."""
    shares = evidence.shares
    order = sorted(range(len(shares)), key=lambda place: -shares[place].value)
    return order[: max(1, min(FIRST, len(order) // 2))]


def _is_unneeded(evidence: VerdictEvidence, place: int) -> bool:
    loss = evidence.losses[place]
    return loss.value < max(ERRORS * loss.error, LEAST_LOSS)


def _partner_of(evidence: VerdictEvidence, place: int) -> tuple[int, float] | None:
    partner = evidence.partners[place]
    return None if partner is None or abs(partner.correlation) < STRONG else (partner.feature, partner.correlation)


def _percent(share: Measured) -> str:
    return f"{100 * share.value:.1f} ± {100 * share.error:.1f} %"


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def _gain(method: MethodEvidence) -> str:
    return (
        f"gain {_signed(method.gain.value)} ± {method.gain.error:.2f}, beaten by {100 * method.beaten:.0f} % of those"
    )


def _table(evidence: VerdictEvidence) -> Table:
    columns = (
        Column("label", "Method"),
        Column("advice", "Advice"),
        Column("gain", "Gain of its order", 3),
        Column("beaten", "Beaten by", 0, percent=True),
        Column("remains", "Left of it at random", 2),
        Column("passes", "Passes"),
    )
    rows: dict[str, dict[str, Cell]] = {
        name: {
            "label": method.label,
            "advice": method.advice,
            "gain": method.gain,
            "beaten": method.beaten,
            "remains": method.remains,
            "passes": "yes" if method.passes else "no",
        }
        for name, method in evidence.methods.items()
    }
    return Table("verdict", "Which method to believe", columns, rows, (NOTE,))
