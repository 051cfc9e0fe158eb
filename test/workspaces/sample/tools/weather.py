"""Fetches the forecast for the orchard."""

import argparse
import json
import sys
import urllib.error
import urllib.request

SERVICE = "https://api.open-meteo.com/v1/forecast"


def fetch(latitude, longitude, days):
    address = f"{SERVICE}?latitude={latitude}&longitude={longitude}&forecast_days={days}&daily=temperature_2m_min"
    with urllib.request.urlopen(address, timeout=10) as answer:
        return json.load(answer)


def main():
    parser = argparse.ArgumentParser(description="Fetch the forecast for the orchard.")
    parser.add_argument("--latitude", type=float, default=47.66)
    parser.add_argument("--longitude", type=float, default=9.17)
    parser.add_argument("--days", type=int, default=3, choices=range(1, 17))
    options = parser.parse_args()
    try:
        forecast = fetch(options.latitude, options.longitude, options.days)
    except urllib.error.URLError as error:
        print(f"no forecast: {error.reason}", file=sys.stderr)
        return 1
    daily = forecast["daily"]
    for day, coldest in zip(daily["time"], daily["temperature_2m_min"]):
        print(f"{day}  {coldest:5.1f} °C{'  frost!' if coldest < 0 else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
