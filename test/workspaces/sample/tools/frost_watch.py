"""Watches for frost, for ever: a thermometer that nobody reads never changes."""

import argparse
import time


def read_thermometer():
    return 4.0


def main():
    parser = argparse.ArgumentParser(description="Wait until it freezes.")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two looks")
    options = parser.parse_args()
    looks = 0
    while True:
        looks += 1
        temperature = read_thermometer()
        print(f"look {looks}: {temperature:.1f} °C", flush=True)
        if temperature < 0:
            break
        time.sleep(options.every)
    print("frost")


if __name__ == "__main__":
    main()
