#!/usr/bin/env python3
"""Summaries, exports and comparisons of the harvest."""

import argparse
import csv
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from orchard.records import group_by, read_harvest

FORMATS = ("csv", "json")


def summary(options):
    pickings = read_harvest(options.file)
    groups = group_by(pickings, options.by)
    rows = sorted(
        ((sum(p.kilograms for p in group), sum(p.crates for p in group), name) for name, group in groups.items()),
        reverse=True,
    )
    if options.top:
        rows = rows[: options.top]
    for kilograms, crates, name in rows:
        print(f"{name:<16} {crates:>4} crates {kilograms:>9.1f} kg")
    return 0


def export(options):
    pickings = [p for p in read_harvest(options.file) if p.kilograms >= options.minimum]
    with open(options.output, "w", encoding="utf-8", newline="") as target:
        if options.format == "json":
            json.dump([vars(p) for p in pickings], target, indent=2)
        else:
            writer = csv.writer(target)
            writer.writerow(["date", "field", "variety", "crates", "kilograms"])
            for p in pickings:
                writer.writerow([p.date, p.field, p.variety, p.crates, p.kilograms])
    print(f"{len(pickings)} pickings written to {options.output}")
    return 0


def compare(options):
    groups = group_by(read_harvest(options.file), "field")
    missing = [name for name in (options.first, options.second) if name not in groups]
    if missing:
        print("no such field: " + ", ".join(missing), file=sys.stderr)
        return 2
    first, second = (sum(p.kilograms for p in groups[name]) for name in (options.first, options.second))
    print(f"{options.first} picked {first / second:.2f} times as much as {options.second}")
    return 0


def main(argv=None):
    parser = argparse.ArgumentParser(prog="harvest", description="Look at what was picked.")
    parser.add_argument("--file", type=Path, default="data/harvest.csv", help="the harvest table")
    commands = parser.add_subparsers(dest="command", required=True)

    one = commands.add_parser("summary", help="sums per field, variety or date")
    one.add_argument("--by", choices=["field", "variety", "date"], default="field", help="what to group by")
    one.add_argument("--top", type=int, metavar="N", help="only the N largest")
    one.set_defaults(run=summary)

    two = commands.add_parser("export", help="write the pickings to a file")
    two.add_argument("output", type=Path, help="the file to write")
    two.add_argument("--format", choices=FORMATS, default="csv", help="how to write it")
    two.add_argument("--minimum", type=float, default=0.0, help="leave out pickings below so many kilograms")
    two.set_defaults(run=export)

    three = commands.add_parser("compare", help="compare the yield of two fields")
    three.add_argument("first", help="a field")
    three.add_argument("second", help="another field")
    three.set_defaults(run=compare)

    options = parser.parse_args(argv)
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
