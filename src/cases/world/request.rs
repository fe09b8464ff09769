//! HTTP/1.1 as far as the servers of a case need it: when a request is whole, and what is sent back.

use std::collections::VecDeque;
use std::fmt::Write as _;

/// The body of a request, once all of it is there.
pub(super) fn body(request: &[u8]) -> Option<Vec<u8>> {
    let end = find(request, b"\r\n\r\n")?;
    let (head, rest) = (&request[..end], &request[end + 4..]);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let header = |name: &str| {
        let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| *key == name).map(|(_, value)| value.trim().to_owned())
    };
    if header("transfer-encoding").is_some_and(|encoding| encoding.contains("chunked")) {
        return unchunked(rest);
    }
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    rest.get(..length).map(<[u8]>::to_vec)
}

/// The pieces of a body put together, once the last one is there.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = find(rest, b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            // Trailers, if any, end with an empty line.
            let is_over = rest.starts_with(b"\r\n") || find(rest, b"\r\n\r\n").is_some();
            return is_over.then_some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size.checked_add(2)?..)?;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// A whole response. Its length is said unless the case says it.
pub(super) fn response(
    method: &str,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> VecDeque<u8> {
    let mut head = format!("HTTP/1.1 {status} \r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let says_length = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let has_body = method != "HEAD" && !matches!(status, 100..=199 | 204 | 304);
    if has_body && !says_length {
        let _ = write!(head, "content-length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    let mut response = VecDeque::from(head.into_bytes());
    if has_body {
        response.extend(body);
    }
    // In one piece, so that it is read in as few as there is room for.
    response.make_contiguous();
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_whole_when_its_body_is() {
        let check = |request: &str, expected: Option<&str>| {
            let body = body(request.as_bytes());
            assert_eq!(body.as_deref(), expected.map(str::as_bytes), "{request:?}");
        };
        check("GET / HTTP/1.1\r\nhost: a\r\n", None);
        check("GET / HTTP/1.1\r\nhost: a\r\n\r\n", Some(""));
        check("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", None);
        check("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", Some("abc"));
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(chunked, None);
        check(&format!("{chunked}3\r\nabc\r\n"), None);
        check(&format!("{chunked}3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\n"), None);
        let whole = format!("{chunked}3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\n\r\n");
        check(&whole, Some("abc0123456789"));
        check(&format!("{chunked}ffffffffffffffff\r\nabc\r\n"), None);
    }

    #[test]
    fn a_response_says_how_long_it_is_unless_it_has_no_body() {
        let check = |method, status, headers: &[(String, String)], expected: &str| {
            let response: Vec<u8> = response(method, status, headers, b"body").into();
            assert_eq!(String::from_utf8_lossy(&response), expected);
        };
        check("GET", 200, &[], "HTTP/1.1 200 \r\ncontent-length: 4\r\n\r\nbody");
        check("HEAD", 200, &[], "HTTP/1.1 200 \r\n\r\n");
        check("GET", 204, &[], "HTTP/1.1 204 \r\n\r\n");
        let short = [("Content-Length".to_owned(), "9".to_owned())];
        check("GET", 200, &short, "HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\nbody");
    }
}
