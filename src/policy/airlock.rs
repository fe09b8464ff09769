//! Which addresses no capsule may connect to, whatever its manifest says: this machine, the networks
//! around it, and every way of spelling those.
//!
//! The address that counts is the one that is connected to, after names are resolved. Forms that
//! carry an IPv4 address inside an IPv6 one are judged by what they carry.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks of IPv4 that are out of reach, with the length of their prefix (IANA's special-purpose
/// registry, and all of multicast).
const BLOCKED_V4: [(Ipv4Addr, u32); 9] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(255, 0, 0, 0), 8),
];

/// Networks of IPv6 that are out of reach: local NAT64, link-local, site-local, unique local, multicast.
const BLOCKED_V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

/// Whether an address is out of reach.
pub fn is_blocked(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_blocked_v4(address),
        IpAddr::V6(address) => is_blocked_v6(address),
    }
}

fn is_blocked_v4(address: Ipv4Addr) -> bool {
    let within = |&(network, prefix): &(Ipv4Addr, u32)| {
        (address.to_bits() ^ network.to_bits()) >> (u32::BITS - prefix) == 0
    };
    BLOCKED_V4.iter().any(within)
}

fn is_blocked_v6(address: Ipv6Addr) -> bool {
    let within = |&(network, prefix): &(Ipv6Addr, u32)| {
        (address.to_bits() ^ network.to_bits()) >> (u128::BITS - prefix) == 0
    };
    BLOCKED_V6.iter().any(within) || embedded(address).into_iter().flatten().any(is_blocked_v4)
}

/// The IPv4 addresses that an IPv6 address stands for.
fn embedded(address: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let parts = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    let last = join(parts[6], parts[7]);
    match parts {
        // Mapped `::ffff:a.b.c.d` and compatible `::a.b.c.d`, which `::` and `::1` are as well.
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] => [Some(last), None],
        // Translated `::ffff:0:a.b.c.d`.
        [0, 0, 0, 0, 0xffff, 0, ..] => [Some(last), None],
        // NAT64.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => [Some(last), None],
        // 6to4.
        [0x2002, high, low, ..] => [Some(join(high, low)), None],
        // Teredo: the server, and the client with its bits inverted.
        [0x2001, 0, high, low, ..] => {
            [Some(join(high, low)), Some(Ipv4Addr::from_bits(!last.to_bits()))]
        }
        _ => [None, None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, blocked: bool) {
        let parsed: IpAddr = address.parse().unwrap_or_else(|_| panic!("{address}"));
        assert_eq!(is_blocked(parsed), blocked, "{address}");
    }

    #[test]
    fn networks_are_blocked_from_their_first_to_their_last_address() {
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
            ("224.0.0.0", "239.255.255.255"),
            ("255.0.0.0", "255.255.255.255"),
            ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::", "::1"),
        ] {
            check(first, true);
            check(last, true);
        }
    }

    #[test]
    fn their_neighbours_are_not() {
        for address in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "64:ff9b:2::1.1.1.1",
            "192.167.255.255",
            "192.169.0.0",
            "223.255.255.255",
            "240.0.0.0",
            "254.255.255.255",
            "2606:4700::1111",
            "fbff::",
        ] {
            check(address, false);
        }
    }

    #[test]
    fn what_is_embedded_decides() {
        for (address, blocked) in [
            ("::ffff:127.0.0.1", true),
            ("::ffff:93.184.216.34", false),
            ("::127.0.0.1", true),
            ("::93.184.216.34", false),
            ("::ffff:0:10.0.0.1", true),
            ("64:ff9b::10.0.0.1", true),
            ("64:ff9b::93.184.216.34", false),
            ("64:ff9b:1::10.0.0.1", true),
            ("2002:7f00:1::", true),
            ("2002:5db8:d822::", false),
            // The server is 127.0.0.1.
            ("2001:0:7f00:1::", true),
            // The server is public, the client 192.168.0.1.
            ("2001:0:5db8:d822::3f57:fffe", true),
            ("2001:0:5db8:d822::a247:27dd", false),
        ] {
            check(address, blocked);
        }
    }
}
