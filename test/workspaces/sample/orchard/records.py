"""Reading the orchard's tables."""

import csv
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True)
class Picking:
    date: str
    field: str
    variety: str
    crates: int
    kilograms: float


@dataclass(frozen=True)
class Sample:
    field: str
    depth_cm: int
    moisture: float
    ph: float


def read_harvest(path=DATA / "harvest.csv"):
    with open(path, newline="", encoding="utf-8") as lines:
        return [
            Picking(row["date"], row["field"], row["variety"], int(row["crates"]), float(row["kilograms"]))
            for row in csv.DictReader(lines)
        ]


def read_soil(path=DATA / "soil.csv"):
    with open(path, newline="", encoding="utf-8") as lines:
        return [
            Sample(row["field"], int(row["depth_cm"]), float(row["moisture"]), float(row["ph"]))
            for row in csv.DictReader(lines)
        ]


def group_by(records, key):
    groups = {}
    for record in records:
        groups.setdefault(getattr(record, key), []).append(record)
    return groups
