"""What the verdict says of numbers that were made up for it to say it."""

from collections.abc import Mapping

import pytest

from fairmodel.interpret.verdicts.evidence import MethodEvidence, Partner, VerdictEvidence
from fairmodel.interpret.verdicts.sample import FeatureKey
from fairmodel.interpret.verdicts.verdict import sentences
from fairmodel.present.tables import Measured

NAMES = ("width", "depth", "colour", "age", "noise", "dust")
GOOD, BAD = Measured(0.3, 0.05), Measured(0.02, 0.05)
HEARS, DEAF = Measured(0.1, 0.02), Measured(0.8, 0.02)


def method(
    label: str,
    shares: list[float],
    *,
    advice: str = "recommended",
    gain: Measured = GOOD,
    beaten: float = 0.0,
    remains: Measured = HEARS,
) -> MethodEvidence:
    return MethodEvidence(label, advice, tuple(Measured(share, 0.01) for share in shares), gain, beaten, remains)


FIRST = method("First", [0.4, 0.3, 0.2, 0.1, 0, 0])
SECOND = method("Second", [0.5, 0.1, 0.3, 0.1, 0, 0])
PLAIN = method("Plain", [0.1, 0.1, 0.1, 0.05, 0.6, 0.05], advice="published")


def evidence(
    methods: Mapping[str, MethodEvidence],
    *,
    losses: Mapping[str, float] | None = None,
    partners: Mapping[str, Partner] | None = None,
    spread: Mapping[str, tuple[Measured, ...]] | None = None,
) -> VerdictEvidence:
    names = list(methods)
    worth = {"width": 0.1, "depth": 0.05, "colour": 0.02, "age": 0.01} if losses is None else losses
    agreement = {
        (left, right): Measured(0.9 - 0.3 * place, 0.05) for place, right in enumerate(names) for left in names[:place]
    }
    return VerdictEvidence(
        tuple(FeatureKey("things", name) for name in NAMES),
        methods,
        agreement,
        tuple(Measured(worth.get(name, 0.0), 0.001) for name in NAMES),
        tuple(0.03 for _ in NAMES),
        tuple((partners or {}).get(name) for name in NAMES),
        spread or {},
        5 if spread else 0,
    )


def text(found: VerdictEvidence) -> str:
    return "\n".join(sentences(found))


def test_what_matters_is_the_mean_of_the_trusted_methods_with_their_scatter() -> None:
    found = evidence({"first": FIRST, "second": SECOND, "plain": PLAIN})
    assert found.trusted == ["first", "second"]
    assert found.shares[0].value == pytest.approx(0.45)
    assert found.shares[1].error == pytest.approx(0.1)
    said = text(found)
    assert "most at width (45.0 ± 5.0 %), colour (25.0 ± 5.0 %) and depth (20.0 ± 10.0 %)" in said
    assert "together 90 % of what it makes of the features, by First and Second." in said
    assert "Both of these methods put the same 3 features first." in said
    assert "3 of the 3 cost AUC, width most (0.1000 ± 0.0010)" in said
    assert "there are no retrainings" in said


def test_methods_that_part_are_named() -> None:
    third = method("Third", [0.4, 0.3, 0.0, 0.2, 0.1, 0.0])
    said = text(evidence({"first": FIRST, "second": SECOND, "third": third}))
    assert "Of these, all 3 of these methods put only width and depth among the first 3." in said
    assert "correlate by 0.30 to 0.60 (Spearman); furthest apart are First and Third (0.30 ± 0.05)" in said


def test_a_useless_feature_that_a_poor_recipe_credits_is_called_a_fault() -> None:
    said = text(evidence({"first": FIRST, "second": SECOND, "plain": PLAIN}))
    assert "noise can be shuffled without a loss of AUC; that moves the score by 3.0 % on average. Only Plain" in said
    assert "Plain (60.0 ± 1.0 %) puts it among the first 3, and no method that is trusted: more likely a fault" in said


def test_one_that_all_credit_is_used_but_not_needed() -> None:
    said = text(evidence({"first": FIRST, "second": SECOND}, losses={"width": 0.1, "depth": 0.05}))
    assert "colour can be shuffled without a loss of AUC" in said
    assert "Yet it is among the first 3 of all methods: the network looks at it" in said
    assert "2 of the 3 cost AUC" in said


def test_what_could_stand_in_for_each_other_is_read_together() -> None:
    partners = {"width": Partner(4, -0.9), "colour": Partner(3, 0.5)}
    said = text(evidence({"first": FIRST, "second": SECOND}, losses={"depth": 0.1}, partners=partners))
    assert "take each other's share: width and noise (\N{MINUS SIGN}0.90). Read the sum" in said
    assert "width can be shuffled" not in said
    assert "colour can be shuffled" in said


def test_a_method_that_fails_is_not_trusted_and_said_to_fail() -> None:
    lost, deaf = method("Lost", [0.1] * 4 + [0.3, 0.3], gain=BAD), method("Deaf", [0.2] * 5 + [0.0], remains=DEAF)
    found = evidence({"first": FIRST, "lost": lost, "deaf": deaf})
    assert found.trusted == ["first"]
    said = text(found)
    assert "This method puts the same 3 features first." in said
    assert (
        "in the order of Lost (gain 0.02 ± 0.05, beaten by 0 % of those) is hardly better than in a random one." in said
    )
    assert "Deaf (0.80) hardly depends on what was learned" in said


def test_an_order_that_many_random_ones_beat_is_no_good() -> None:
    assert method("Better", [0.5] * 6, beaten=0.1).passes
    assert not method("Worse", [0.5] * 6, beaten=0.11).passes


def test_where_all_fail_the_verdict_is_a_guess() -> None:
    lost, deaf = (
        method("Lost", [0.4, 0.3, 0.3, 0, 0, 0], gain=BAD),
        method("Deaf", [0.3, 0.4, 0.3, 0, 0, 0], remains=DEAF),
    )
    found = evidence({"lost": lost, "deaf": deaf})
    assert found.trusted == ["lost", "deaf"]
    assert "None of these methods passes its tests, so take this as a guess." in text(found)


def test_all_that_pass_are_said_to_pass() -> None:
    said = text(evidence({"first": FIRST, "second": SECOND}))
    assert "All methods pass the tests of removal and of randomisation." in said
    assert "guess" not in said


def test_retrainings_say_how_far_chance_goes() -> None:
    spread = {"first": tuple(Measured(share.value, 0.02 * (place + 1)) for place, share in enumerate(FIRST.shares))}
    said = text(evidence({"first": FIRST, "second": SECOND}, spread=spread))
    assert "Over 5 trainings the share of colour varies most, 20.0 ± 6.0 % by First." in said


def test_a_single_feature_is_enough() -> None:
    alone = MethodEvidence("Alone", "recommended", (Measured(1.0, 0.0),), GOOD, 0.0, HEARS)
    pair = {("a", "b"): Measured(0.0, 0.0)}
    key, loss = (FeatureKey("things", "width"),), (Measured(0.2, 0.01),)
    found = VerdictEvidence(key, {"a": alone, "b": alone}, pair, loss, (0.1,), (None,), {}, 0)
    assert "most at width (100.0 ± 0.0 %)" in text(found)
