from orchard.records import group_by, read_harvest


def test_every_field_has_pickings():
    assert set(group_by(read_harvest(), "field")) == {"north", "hill", "river", "east", "south"}
