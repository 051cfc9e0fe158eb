"""Statistics of the soil samples, as JSON."""

import argparse
import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from orchard.records import group_by, read_soil


def main():
    parser = argparse.ArgumentParser(description="Statistics of the soil samples, as JSON.")
    parser.add_argument("fields", nargs="*", help="only these fields")
    parser.add_argument("-d", "--depth", type=int, choices=[20, 40], help="only samples of this depth, in cm")
    options = parser.parse_args()
    result = {}
    for field, samples in group_by(read_soil(), "field").items():
        chosen = [s for s in samples if options.depth in (None, s.depth_cm)]
        if options.fields and field not in options.fields:
            continue
        result[field] = {
            "samples": len(chosen),
            "moisture": round(statistics.mean(s.moisture for s in chosen), 3),
            "ph": round(statistics.mean(s.ph for s in chosen), 2),
        }
    json.dump(result, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
