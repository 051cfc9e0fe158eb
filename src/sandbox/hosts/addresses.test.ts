import { describe, expect, it } from "vitest";
import { isPublicAddress } from "./addresses.ts";

describe("an address", () => {
  it.each(["8.8.8.8", "1.1.1.1", "151.101.0.223", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001:80e::200e"])(
    "%s is public",
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ["this host", "0.0.0.0"],
    ["loopback", "127.0.0.1"],
    ["loopback, further up", "127.255.255.254"],
    ["private", "10.1.2.3"],
    ["private", "172.16.0.1"],
    ["private", "172.31.255.255"],
    ["private", "192.168.1.1"],
    ["carrier-grade NAT and a cloud's metadata", "100.100.100.200"],
    ["link-local and metadata", "169.254.169.254"],
    ["multicast", "224.0.0.1"],
    ["reserved", "255.255.255.255"],
    ["IPv6 loopback", "::1"],
    ["IPv6 unspecified", "::"],
    ["IPv4 in IPv6", "::ffff:127.0.0.1"],
    ["IPv4 in IPv6, as a number", "::ffff:7f00:1"],
    ["NAT64", "64:ff9b::7f00:1"],
    ["6to4", "2002:7f00:1::"],
    ["Teredo", "2001::1"],
    ["unique local and metadata", "fd00:ec2::254"],
    ["link-local", "fe80::1"],
    ["link-local with a zone", "fe80::1%eth0"],
    ["multicast", "ff02::1"],
  ])("%s is not public: %s", (_name, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
