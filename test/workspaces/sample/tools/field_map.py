"""Draws where the fruit goes, as a Mermaid flowchart."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from orchard.records import group_by, read_harvest


def main():
    parser = argparse.ArgumentParser(description="Draw which field gives which variety.")
    parser.add_argument("--direction", choices=["LR", "TD"], default="LR", help="left to right, or top down")
    options = parser.parse_args()
    print(f"flowchart {options.direction}")
    pickings = read_harvest()
    for field in sorted({picking.field for picking in pickings}):
        print(f'  {field}_field["{field} field"]')
    for variety, group in sorted(group_by(pickings, "variety").items()):
        print(f'  {variety}(["{variety}"])')
        for field, part in sorted(group_by(group, "field").items()):
            print(f"  {field}_field -->|{sum(p.kilograms for p in part):.0f} kg| {variety}")
        print(f"  {variety} --> store[(cold store)]")


if __name__ == "__main__":
    main()
