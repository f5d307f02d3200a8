"""The generated profiles are what the bench says of them, as protobuf's own parser sees them."""

from __future__ import annotations

import gzip
from statistics import mean

import pytest
from alloclens.profile.formats.profile_pb2 import Profile

from tests.bench import generate

SHAPE = generate.Shape(3_000)


@pytest.fixture(scope="module")
def made() -> Profile:
    return Profile.FromString(gzip.decompress(generate.profile(SHAPE)))


def test_it_has_so_many_samples_of_four_types(made: Profile) -> None:
    assert [made.string_table[t.type] for t in made.sample_type] == [kind for kind, _ in generate.TYPES]
    assert len(made.sample) == SHAPE.samples
    assert {len(s.value) for s in made.sample} == {len(generate.TYPES)}


def test_stacks_are_thirty_deep(made: Profile) -> None:
    assert mean(len(s.location_id) for s in made.sample) == pytest.approx(SHAPE.depth, rel=0.1)


def test_two_samples_of_five_hold_nothing_any_more(made: Profile) -> None:
    assert mean(s.value[2] == s.value[3] == 0 for s in made.sample) == pytest.approx(0.4, abs=0.05)


def test_one_stack_in_ten_recurses(made: Profile) -> None:
    """Two frames are called by the same two; single frames come back by chance in far more stacks."""
    assert mean(s.location_id[2:4] == s.location_id[4:6] for s in made.sample) == pytest.approx(0.1, abs=0.05)


def test_a_quarter_of_the_locations_has_an_inlined_frame(made: Profile) -> None:
    assert {len(of.line) for of in made.location} == {1, 2}
    assert mean(len(of.line) == 2 for of in made.location) == pytest.approx(0.25, abs=0.05)


def test_every_id_is_in_its_table(made: Profile) -> None:
    locations, functions = {of.id for of in made.location}, {f.id for f in made.function}
    assert {i for s in made.sample for i in s.location_id} == locations
    assert {line.function_id for of in made.location for line in of.line} == functions


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert generate.profile(generate.Shape(50)) == generate.profile(generate.Shape(50))
    assert generate.profile(generate.Shape(50)) != generate.profile(generate.Shape(50), seed=2)
