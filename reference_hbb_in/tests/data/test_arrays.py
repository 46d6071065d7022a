import numpy as np

from hbb_in.data.simulation.arrays import same_group_pairs, slot_table


def test_slot_table_is_a_sorted_cut_of_every_group() -> None:
    generator = np.random.default_rng(0)
    group, key = generator.integers(0, 6, 40), generator.integers(0, 9, 40).astype(float)
    index, real = slot_table(group, key, groups=7, slots=5)
    for number in range(7):
        members = [row for row in range(40) if group[row] == number]
        expected = sorted(members, key=lambda row: -key[row])[:5]  # Python's sort is stable
        assert index[number][real[number]].tolist() == expected
        assert real[number].tolist() == [slot < len(expected) for slot in range(5)]


def test_pairs_are_those_of_two_loops() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.integers(0, 5, 12), np.sort(generator.integers(1, 7, 15))
    left, right = same_group_pairs(first, second)
    expected = [(i, j) for i in range(12) for j in range(15) if first[i] == second[j]]
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == expected
