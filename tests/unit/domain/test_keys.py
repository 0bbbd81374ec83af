"""Fingerprints tell whether two batches write the same entity."""

from hypothesis import given, strategies as st

from importer.domain.keys import WIDTH, fingerprints, meet

KEYS = st.sets(st.sampled_from([f"SKU-{n}" for n in range(12)]))


@given(KEYS, KEYS)
def test_two_sets_meet_exactly_when_they_share_a_key(one: set[str], other: set[str]) -> None:
    assert meet(fingerprints(one), fingerprints(other)) is not one.isdisjoint(other)


def test_keys_that_the_shop_takes_for_the_same_are_the_same() -> None:
    assert meet(fingerprints(["24-mb01 "]), fingerprints(["24-MB01"]))
    assert len(fingerprints(["a", "A", " a"])) == WIDTH
