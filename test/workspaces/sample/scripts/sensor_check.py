"""Checks that every field has soil samples, and that they are believable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from orchard.records import read_harvest, read_soil


def find_problems(samples, fields):
    problems = []
    measured = set()
    for sample in samples:
        measured.add(sample.field)
        if not 0 <= sample.moisture <= 1:
            problems.append(f"{sample.field}: moisture {sample.moisture} is not a share")
        elif sample.moisture < 0.1:
            problems.append(f"{sample.field}: dry at {sample.depth_cm} cm ({sample.moisture:.0%})")
        if not 3 < sample.ph < 10:
            problems.append(f"{sample.field}: pH {sample.ph} cannot be")
    for field in sorted(fields - measured):
        problems.append(f"{field}: no sample")
    return problems


if __name__ == "__main__":
    found = find_problems(read_soil(), {picking.field for picking in read_harvest()})
    for problem in found:
        print(problem)
    print("all fields fine" if not found else f"{len(found)} to look at")
